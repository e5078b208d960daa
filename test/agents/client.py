"""A session of the reference client in Python with dot mcp: client.py DOT MODE.

It runs in a dbt project and prints what it has seen as JSON. MODE is how it begins: auto or legacy.
"""

import asyncio
import json
import os
import sys

from mcp import Client, StdioServerParameters


async def main(dot, mode):
    server = StdioServerParameters(command=dot, args=["mcp", "--allow-drop"], env=dict(os.environ), cwd=os.getcwd())
    seen = {"progress": []}

    async def progress(done, total, message):
        seen["progress"].append(done)

    async with Client(server, mode=mode) as client:
        seen["tools"] = sorted(tool.name for tool in (await client.list_tools()).tools)

        async def call(name, **fields):
            result = await client.call_tool(name, fields, progress_callback=progress)
            return {"error": result.is_error, "answer": result.structured_content, "text": result.content[0].text}

        seen["plan"] = await call("plan", spec="dev@HEAD")
        seen["build"] = await call("build", spec="dev@HEAD")
        seen["again"] = await call("build", spec="dev@HEAD")
        seen["status"] = await call("status")
        seen["bare"] = await call("build", spec="dev")
        seen["unknown"] = await call("build", spec="dev@HEAD", target="prod")
        seen["drop"] = await call("drop", spec="dev@HEAD")
    print(json.dumps(seen))


asyncio.run(main(*sys.argv[1:]))
