# Completion of dot for fish, which `dot completion fish` prints: into
# ~/.config/fish/completions/dot.fish, or
#
#   dot completion fish | source
function __dot_complete
    set -l words (commandline -opc)
    set -l word (commandline -ct)
    dot __complete fish $words[2..] "$word" 2>/dev/null
end
complete -c dot -f -a '(__dot_complete)'
