/** What a shell runs itself: no program, and nothing to hold a page against. */
export const SHELL_WORDS: ReadonlySet<string> = new Set(
  ': . [ alias bg break builtin cd command continue declare dirs disown echo eval exec exit export false fg getopts hash jobs let local popd printf pushd pwd read readonly return set shift source test times trap true type typeset ulimit umask unalias unset wait'.split(
    ' ',
  ),
)
