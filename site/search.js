// The search takes a minus before a word as "without it". Here it begins the name of a flag: --defer.
const post = Worker.prototype.postMessage
Worker.prototype.postMessage = function (message, ...rest) {
  const query = 2 // the type of message that asks the search
  if (message?.type === query && typeof message.data === "string") {
    message = {...message, data: message.data.replace(/(^|\s)-+(?=\w)/g, "$1")}
  }
  return post.call(this, message, ...rest)
}
