# The headers' comments as Doxygen reads them. Indented formulas become code blocks, the words Shapes, Units, Errors,
# Threads, Memory and Source a list; the first comment is the file's; the instruction set's namespace is left out.
BEGIN { words = "(Shapes|Units|Errors|Threads|Memory|Source)"; blank = 1 }

# matrix<T> is no HTML, block<C>::rows no link, and accuracy@k no command.
function plain(text) {
    gsub(/@/, "\\@", text)
    gsub(/</, "\\<", text)
    gsub(/>::/, ">\\::", text)
    return text
}

FNR == 1 && /^\/\/\/ / { print "/// @file" }
/^inline namespace UNITSPHERE_ISA \{$/ || /^\}  \/\/ namespace UNITSPHERE_ISA$/ { print ""; next }
!/^ *\/\/\/( |$)/ { print; blank = 1; formula = 0; item = 0; next }

{
    match($0, /^ *\/\/\//)
    slashes = substr($0, 1, RLENGTH)
    text = substr($0, RLENGTH + 1)
}
text == "" { print; blank = 1; formula = 0; item = 0; next }
text ~ "^ " words "(, " words ")*  +" || text ~ "^ " words " +" && item {
    count = split(text, part, /\.   /)  # two of the words in one line
    for (i = 1; i <= count; ++i) {
        line = part[i] (i < count ? "." : "")
        sub(/^ +/, "", line)
        at = match(line, /  +/)
        print slashes " - **" substr(line, 1, at - 1) "** " plain(substr(line, at + RLENGTH))
    }
    blank = 0; item = 1; next
}
text ~ /^   / && (blank || formula) && !item { print slashes "     " text; blank = 0; formula = 1; next }
{ sub(/^ +/, item ? "   " : " ", text); print slashes plain(text); blank = 0; formula = 0 }
