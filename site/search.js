// Who pastes an error into the search wants the page that has it. The search reads some characters as operators: a minus
// as "without this word", quotes as "only with these words", a colon as the name of a field. In an error they are the
// text of a flag or a path, and names in quotes are the user's own. So they separate words here.
const post = Worker.prototype.postMessage
Worker.prototype.postMessage = function (message, ...rest) {
  const query = 2 // the type of message that asks the search
  if (message?.type === query && typeof message.data === "string") {
    message = {...message, data: message.data.replace(/["':^~*+]+/g, " ").replace(/(^|\W)-+/g, "$1 ")}
  }
  return post.call(this, message, ...rest)
}
