# Completion of dot for bash, which `dot completion bash` prints:
#
#   source <(dot completion bash)
#
# bash ends words at @, = and :, dot doesn't. So dot is told the whole line, and
# the part of the last word ($2) that bash is going to replace.
_dot() {
  local IFS=$'\n'
  COMPREPLY=($(set -o noglob; dot __complete bash "${COMP_LINE:0:COMP_POINT}" "$2" 2>/dev/null))
  # After env@ and tag: there is more to come. bash 3 has no compopt, and a space then.
  if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[@=:] ]]; then
    compopt -o nospace 2>/dev/null
  fi
}
complete -F _dot dot
