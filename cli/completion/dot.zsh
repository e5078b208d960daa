#compdef dot
# Completion of dot for zsh, which `dot completion zsh` prints: into a file
# called _dot in a directory of $fpath, or
#
#   source <(dot completion zsh)
_dot() {
  local -a all open closed
  all=("${(@f)$(dot __complete zsh "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
  all=(${all:#})
  # After env@ and tag: there is more to come: no space. A colon of a word is \:, one before help is not.
  open=(${(M)all:#*([@=]|\\:)(|:*)})
  closed=(${all:#*([@=]|\\:)(|:*)})
  _describe dot closed -- open -S ''
}
if [[ ${funcstack[1]} == _dot ]]; then
  _dot "$@"
else
  compdef _dot dot
fi
