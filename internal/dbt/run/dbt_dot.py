"""Says in dbt's own comment on each query which build of dot's it is of.

dbt 1 imports this as it imports plugins: it is a module in PYTHONPATH whose name begins with dbt_. The
comment of a project that has its own stays as it is.
"""

import json
import os

END = "{{ return(tojson(comment_dict)) }}"


def commented(template):
    """Returns dbt's template of the comment with dot's fields."""
    try:
        fields = json.loads(os.environ.get("DOT_QUERY_COMMENT") or "{}")
        known = "".join("%s=%s, " % (name, json.dumps(value)) for name, value in sorted(fields.items()))
    except (ValueError, AttributeError):
        return template
    if not known or template.count(END) != 1:
        return template
    return template.replace(END, "{%- do comment_dict.update(" + known + ") -%}\n" + END)


def add():
    try:
        from dbt.adapters.base.query_headers import MacroQueryStringSetter as setter
        from dbt.adapters.contracts.connection import DEFAULT_QUERY_COMMENT as default

        asked = setter._get_comment_macro
    except (ImportError, AttributeError):
        return  # another version of dbt

    def comment(self):
        template = asked(self)
        return commented(template) if template == default else template

    setter._get_comment_macro = comment


add()
