import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { read, shown } from './testdata/shown.ts'

/** Title, text, and its commands as `shown` writes them. */
type Cases = readonly (readonly [title: string, text: string, commands: readonly string[]])[]

function check(cases: Cases, language = 'bash', kind: 'fence' | 'inline' = 'fence'): void {
  for (const [title, text, expected] of cases) {
    test(title, () => {
      const { commands, problems } = read(text, language, kind)
      assert.deepEqual(commands.map(shown), expected)
      assert.deepEqual(problems, [])
    })
  }
}

describe('words of a fence', () => {
  check([
    ['lose their quotes', `tool 'a b' "c"d e\\ f $'g\\th' ''`, ["tool a_b cd e_f g\th ''"]],
    ['keep an option with its value', 'tool --x=y --z="a b"', ['tool --x=y --z=a_b']],
    ['may be continued on the next line', 'tool a \\\n  --b \\\n  c', ['tool a --b c']],
    ['end at a comment', "tool a # it's <b> [c]\ntool d", ['tool a', 'tool d']],
    ['may be expansions', `tool $A "$B" x\${C}y "$@" $(( 1 + 1 ))`, [`tool {$A}* {$B} x{\${C}}y {$@}* {$(( 1 + 1 ))}`]],
    ['may be patterns', 'tool *.json {a,b} x', ['tool {*}.json* {{a,b}}* x']],
    ['are not told from an array', `a=(tool x)\ntool "\${a[@]}"`, [`tool {\${a[@]}}*`]],
  ])
})

describe('placeholders of a fence', () => {
  check([
    ['may begin with a figure', 'tool <2024-01-01> <3>', ['tool {<2024-01-01>} {<3>}']],
    ['are in angle brackets', 'tool get <run_id> --flag', ['tool get {<run_id>} --flag']],
    ['may be a part of a word', 'tool <root>/x --as=<kind> a<b>c', ['tool {<root>}/x --as={<kind>} a{<b>}c']],
    ['may be beside each other', 'tool <a><b>', ['tool {<a>}{<b>}']],
    ['may have blanks', 'tool <your own key> x', ['tool {<your own key>} x']],
    [
      'may be of a scope, or explained',
      'tool <@scope> <name (with version)>',
      ['tool {<@scope>} {<name (with version)>}'],
    ],
    ['may be of an alphabet that is not Latin', 'tool <имя> <名前>', ['tool {<имя>} {<名前>}']],
    ['may be in quotes', `tool "<a b>" '{"id": "<c>"}'`, ['tool {<a b>} {"id":_"{<c>}"}']],
    [
      'may be in braces',
      `tool {id} {{ name }} {} \${{ github.sha }}`,
      [`tool {{id}} {{{ name }}} {{}} {\${{ github.sha }}}`],
    ],
    ['may be dots', 'tool ... … --as ...', ['tool {...}* {…}* --as {...}*']],
    ['may be a value that is cut short', 'tool --key sk-... --other "..."', ['tool --key sk-{...} --other {...}']],
    ['may be repeated', 'tool <file>... NAME...', ['tool {<file>...}* NAME{...}*']],
    ['are not the dots of paths and revisions', 'tool ./... a...b ../x', ['tool ./... a...b ../x']],
    ['are not words in capitals', 'tool FILE', ['tool FILE']],
  ])
})

describe('a synopsis in a fence', () => {
  check([
    ['has options that may be left out', 'tool [--wait] x', ['tool --wait? x']],
    ['has options with values', 'tool [--limit <n>] [--as=KIND]', ['tool --limit? {<n>}? --as=KIND?']],
    ['has brackets in brackets', 'tool [--a [--b <c>]]', ['tool --a? --b? {<c>}?']],
    [
      'has names for any number of words',
      'tool [OPTIONS] [FLAGS] [global options]',
      ['tool {[OPTIONS]}*? {[FLAGS]}*? {[global options]}*?'],
    ],
    ['has names of words', 'tool [path] [FILE]... [ARG ...]', ['tool {[path]}? {[FILE]...}*? {[ARG ...]}*?']],
    ['has blanks in its brackets', 'tool [ --wait ] x', ['tool --wait? x']],
    [
      'has options of which one is given',
      'tool [-v|--verbose] (--json STR|--file PATH)',
      ['tool -v? --verbose? --json? STR? --file? PATH?'],
    ],
    ['has words of which one is given', 'tool {start|stop} x', ['tool start x', 'tool stop x']],
    ['has words of which one may be given', 'tool [start|stop] x', ['tool start? x', 'tool stop? x']],
    ['has options of which one is given, with blanks', 'tool -h | --help', ['tool -h? --help?']],
    ['has values of which one is given', 'tool --as={json|text}', ['tool --as=json', 'tool --as=text']],
    ['shows every alternative once', 'tool {a|b} {c|d}', ['tool a c', 'tool b c', 'tool a d']],
    ['has values that may be left out', 'tool --color[=WHEN] --[no-]pager', ['tool --color={WHEN} --pager']],
  ])
})

describe('what is the shell’s own in a fence', () => {
  check([
    ['is a file that is read', 'tool < routes.json', ['tool <']],
    ['is a file that is read and one that is written', 'tool <in >out', ['tool <']],
    ['is a file that is written after a placeholder', 'tool <name>>out', ['tool {<name>}']],
    ['is a redirection with a descriptor', 'tool <in 2>err', ['tool <']],
    ['is a descriptor', 'tool x 2>&1 >/dev/null', ['tool x']],
    ['is a here-string', 'tool <<< "$KEY"', ['tool <']],
    [
      'is a here-document',
      "tool put <a> <<EOF\ntool no <b> it's\nEOF\ntool get <c>",
      ['tool put {<a>} <', 'tool get {<c>}'],
    ],
    ['is a here-document with tabs', "tool <<-'E'\n\ttool no $(tool no)\n\tE\ntool x", ['tool <', 'tool x']],
    ['is what a here-document runs', 'tool <<E\n$(keeper x)\nE', ['tool <', 'keeper x']],
    [
      'is a process in a substitution',
      'tool <(keeper a) $(keeper b "$(keeper c)") `keeper d`',
      [
        'tool {<(keeper a)} {$(keeper b "$(keeper c)")}* {`keeper d`}*',
        'keeper a',
        'keeper b {$(keeper c)}',
        'keeper c',
        'keeper d',
      ],
    ],
    ['is a pipe', 'tool a | jq . | tool b', ['tool a', 'jq . <', 'tool b <']],
    ['is a list', 'tool a && tool b || tool c; tool d &', ['tool a', 'tool b', 'tool c', 'tool d']],
    ['is what is set for a command', 'A=1 B=$(keeper x) tool y', ['A= B= tool y', 'keeper x']],
    ['is what is set', 'export A=$(keeper x)\nB=2', ['export A={$(keeper x)}', 'keeper x']],
    ['is a loop', 'for i in $(keeper ls); do tool get "$i"; done < list', ['keeper ls', 'tool get {$i} <']],
    [
      'is a loop that reads',
      'keeper ls | while read -r x; do tool get "$x"; done',
      ['keeper ls', 'read -r x <', 'tool get {$x} <'],
    ],
    ['is a condition', 'if [ -f a ] && [[ -n b ]]; then tool c; else tool d; fi', ['[ -f a ]', 'tool c', 'tool d']],
    ['is a choice of patterns', 'case $x in (a|b) tool c;; [Yy]*) tool d;; esac', ['tool c', 'tool d']],
    ['is a function', 'f() { tool a; }\nfunction g { tool b; }', ['tool a', 'tool b']],
    ['is a group', '( cd x; tool a ) && { tool b; }', ['cd x', 'tool a', 'tool b']],
    ['is time', 'time tool a', ['tool a']],
    [
      'is a name for a program',
      'T=./bin/tool\n"$T" a | sudo $T b\nexport T=x\n$T c',
      ['./bin/tool a', 'sudo {$T}* b <', './bin/tool b <', 'export T=x', '{$T}* c'],
    ],
  ])

  test('says which files are read and written', () => {
    const [command] = read('tool <in >out 2>err >>log &>both >&2 3<&0 <<< x').commands
    assert.deepEqual(
      command?.redirected.reads.map(({ source }) => source),
      ['in'],
    )
    assert.deepEqual(
      command?.redirected.writes.map(({ source }) => source),
      ['out', 'err', 'log', 'both'],
    )
  })
})

describe('a command that runs another', () => {
  check([
    [
      'is a shell with a here-document',
      'sudo bash -e <<E\ntool a <b> $(tool d)\nE\ntool c',
      ['sudo bash -e <', 'bash -e <', 'tool a {<b>} {$(tool d)}*', 'tool d', 'tool c'],
    ],
    ['is sudo', 'sudo -u keeper A=1 tool x', ['sudo -u keeper A=1 tool x', 'A= tool x']],
    ['is env', 'env -i A=1 -u B tool x', ['env -i A=1 -u B tool x', 'A= tool x']],
    [
      'is one behind the other',
      'sudo nohup nice -n 5 tool x',
      ['sudo nohup nice -n 5 tool x', 'nohup nice -n 5 tool x', 'nice -n 5 tool x', 'tool x'],
    ],
    ['is timeout', 'timeout -k 1 5 tool x', ['timeout -k 1 5 tool x', 'tool x']],
    [
      'is xargs, which feeds it words',
      'keeper ls | xargs -n 1 tool get',
      ['keeper ls', 'xargs -n 1 tool get <', 'tool get {…}*'],
    ],
    [
      'is find',
      "find . -name '*.x' -exec tool get {} \\; -print",
      ['find . -name *.x -exec tool get {{}} ; -print', 'tool get {{}}'],
    ],
    ['is a shell', `bash -lc 'tool a <b> | tool c'`, [`bash -lc tool_a_{<b>}_|_tool_c`, 'tool a {<b>}', 'tool c <']],
    ['is a shell with expansions', `sh -c "tool a \\"b c\\" $X"`, ['sh -c tool_a_"b_c"_{$X}', 'tool a b_c {$X}*']],
    ['is eval', `eval "tool x"`, ['eval tool_x', 'tool x']],
    ['is trap', `trap 'tool x' EXIT`, ['trap tool_x EXIT', 'tool x']],
    ['is watch', `watch -n 2 'tool x | wc'`, ['watch -n 2 tool_x_|_wc', 'tool x', 'wc <']],
    [
      'is ssh',
      `ssh -p 22 host tool x\nssh host 'tool y'`,
      ['ssh -p 22 host tool x', 'tool x', 'ssh host tool_y', 'tool y'],
    ],
    ['is a container', 'docker exec -it -u x box tool a', ['docker exec -it -u x box tool a', 'tool a']],
    ['is a service of containers', 'docker compose exec svc tool a', ['docker compose exec svc tool a', 'tool a']],
    [
      'is an image',
      'docker run --rm -v a:b -p 1:2 image:1 tool a',
      ['docker run --rm -v a:b -p 1:2 image:1 tool a', 'tool a'],
    ],
    ['is not an image whose words are of another program', 'docker run image serve', ['docker run image serve']],
    ['is a pod', 'kubectl exec -n x deploy/y -- tool a', ['kubectl exec -n x deploy/y -- tool a', 'tool a']],
    ['is npx', 'npx -y tool a', ['npx -y tool a', 'tool a']],
    ['is not command -v', 'command -v tool', ['command -v tool']],
    ['is not a wrapper without a command', 'sudo -l\nenv\nexec >log', ['sudo -l', 'env', 'exec']],
  ])
})

describe('a span of prose', () => {
  check(
    [
      ['is a command', 'runs get <run_id>', ['runs get {<run_id>}']],
      ['is one word', 'doctor', ['doctor']],
      ['has alternatives', 'put-external|put-http NAME', ['put-external NAME', 'put-http NAME']],
      ['has values to choose from', 'tool --as=json|text', ['tool --as=json', 'tool --as=text']],
      ['has a pipe', 'tool status|jq .', ['tool status', 'jq . <']],
      ['has a pipe with blanks', 'tool status | keeper x', ['tool status', 'keeper x <']],
      ['goes on after the end of a line', 'runs get\n<run_id>', ['runs get {<run_id>}']],
      ['begins with a prompt', '$ tool x', ['tool x']],
      ['is a path', 'deploy/x.conf', []],
      ['is JSON', '{"a": 1}', []],
      ['is an option', '--wait', []],
      ['is empty', ' ', []],
      ['is prose with an apostrophe', "don't", []],
    ],
    '',
    'inline',
  )

  test('that has an option and is no shell is told', () => {
    const { commands, unjudged, problems } = read('runs get "x --wait', '', 'inline')
    assert.deepEqual([commands, problems], [[], []])
    assert.deepEqual(
      unjudged.map(({ source, why }) => `${source}: ${why}`),
      ['runs get "x --wait: it is not read as a command: a double quote is opened here and never closed'],
    )
  })
  test('says that it is one', () => {
    assert.equal(read('runs get', '', 'inline').commands[0]?.from, 'span')
    assert.equal(read('tool x').commands[0]?.from, 'fence')
  })
})

describe('a session', () => {
  check(
    [
      ['has commands after prompts', '$ tool a\nout --put\n$ tool b', ['tool a', 'tool b']],
      [
        'has names of users and hosts',
        'me@host:~/x$ tool a\n[root@host dir]# tool b\nbash-5.2$ tool c',
        ['tool a', 'tool b', 'tool c'],
      ],
      [
        'has prompts of other shells',
        '➜  app git:(main) ✗ tool a\n❯ tool b\n% tool c\n(venv) $ tool d\n~/x $ tool e',
        ['tool a', 'tool b', 'tool c', 'tool d', 'tool e'],
      ],
      ['goes on after a backslash', '$ tool a \\\n>   --b \\\n    --c\nout', ['tool a --b --c']],
      ['goes on until a quote closes', '$ tool put \'{\n>  "a": 1\n> }\'\nok', ['tool put {\n_"a":_1\n}']],
      ['goes on until a loop is done', '$ for i in 1 2; do\n> tool $i\n> done\nout', ['tool {$i}*']],
      ['goes on until a here-document ends', '$ tool put <<E\n> x\n> E\nout\n$ tool get', ['tool put <', 'tool get']],
      ['has a comment', '# first tool is made.\n$ tool a', ['tool a']],
      ['has the prompt of root', '# tool a\nout', ['tool a']],
      ['has only arrows', '> tool a\nout', ['tool a']],
      ['prints lines that look like continuations', '$ tool a\n> made x\n> made y', ['tool a']],
      ['may have no prompt at all', 'tool a\nout', ['tool a']],
      ['has lines that end in carriage returns', '$ tool a \\\r\n  --b\r\nout\r\n', ['tool a --b']],
    ],
    'console',
  )
  check([
    ['is one by its first prompt, also as Bash', '# why\n$ tool a\nout put', ['tool a']],
    ['is one by a prompt further down, also as Bash', 'out put\n$ tool a', ['tool a']],
  ])
  check([['needs no language', '$ tool a\nout put', ['tool a']]], '')

  test('with an apostrophe does not swallow the next command', () => {
    const { commands, problems } = read("$ tool it's\nout\n$ tool b", 'console')
    assert.deepEqual(commands.map(shown), ['tool b'])
    assert.deepEqual(
      problems.map(({ at }) => `${at.line}:${at.column}`),
      ['1:10'],
    )
  })
  test('of Windows or of another program is told', () => {
    const { commands, unjudged } = read('PS C:\\x> tool a\nC:\\> tool b\n>>> tool\nmysql> tool', 'console')
    assert.deepEqual(commands, [])
    assert.deepEqual(
      unjudged.map(({ why }) => why),
      [
        'its prompt is of a shell of Windows',
        'its prompt is of a shell of Windows',
        'its prompt is not of a shell',
        'its prompt is not of a shell',
      ],
    )
  })
})

describe('a fence without a language', () => {
  check(
    [
      ['has commands where a line begins with a program', 'some words\ntool a \\\n  --b\nmore', ['tool a --b']],
      ['has programs by their paths', './bin/tool a\nA=1 tool b', ['./bin/tool a', 'A= tool b']],
      [
        'has a synopsis',
        'Usage: tool put|get NAME [OPTIONS]',
        ['tool put NAME {[OPTIONS]}*?', 'tool get NAME {[OPTIONS]}*?'],
      ],
      ['has a program that speaks', 'tool 1.2.3\ntool x\ntool is ready', ['tool x']],
    ],
    '',
  )
  test('and without a program is told', () => {
    assert.deepEqual(read('\n  some words\nmore', '').unjudged, [
      {
        source: 'some words',
        why: 'the fence names no language, and no line of it begins with a known program',
        at: { file: 'a.md', line: 2, column: 3, endLine: 2, endColumn: 13 },
      },
    ])
  })
})

describe('a fence of another language', () => {
  const cases = [
    ['yaml', 'run: tool a', 'a fence of yaml names tool: commands inside another language are not read'],
    ['diff', '-tool a\n+tool b', 'a fence of diff names tool: commands inside another language are not read'],
    ['dockerfile', 'RUN tool a', 'a fence of dockerfile names tool: commands inside another language are not read'],
    ['text', 'tool a', 'a fence of text names tool: whether it is a command or its output is not said'],
    ['fish', 'set x y', 'a fence of fish: only shells of the Bourne family are read'],
    ['powershell', 'tool a', 'a fence of powershell: only shells of the Bourne family are read'],
    ['zsh', 'tool a )', 'it is read as Bash, which it may not be: a shell does not expect `)` here'],
    ['json', '{"a": "tool a"}', undefined],
    ['yaml', 'a: toolbox', undefined],
    ['text', 'words', undefined],
    ['js', 'const tool = require("tool")', undefined],
    ['console', '> a.b(c)', 'the fence of console has no prompt, and no line of it begins with a known program'],
  ] as const
  for (const [language, text, why] of cases) {
    test(`${language} with ${text} is ${why === undefined ? 'data' : 'told'}`, () => {
      const { unjudged, problems } = read(text, language)
      assert.deepEqual([unjudged.map(each => each.why), problems], [why === undefined ? [] : [why], []])
    })
  }
  for (const language of ['{.bash}', 'bash,ignore', 'sh', 'shell-session']) {
    test(`${language} is a shell`, () => assert.deepEqual(read('$ tool a', language).commands.map(shown), ['tool a']))
  }
})

describe('a mistake', () => {
  const cases = [
    ['tool "a', '1:6', 'a double quote is opened here and never closed'],
    ["tool a\ntool 'b", '2:6', 'a single quote is opened here and never closed'],
    ['tool $(keeper', '1:6', 'a command substitution is opened here and never closed'],
    ['for i in a; do tool x', '1:21', '`done` is missing, which ends `for`'],
    ['if tool a; then tool b', '1:22', '`fi` is missing, which ends `if`'],
    ['tool a )', '1:8', 'a shell does not expect `)` here'],
    ['tool a && && tool b', '1:10', 'a shell expects a command after `&&` here'],
    ['tool "$(keeper | )"', '1:17', 'a shell expects a command after `|` here'],
    ['tool <<E\nx', '1:6', 'the here-document is never ended by a line `E`'],
    ['tool a \\ \n  --b', '1:8', 'a blank follows the backslash, so the command ends on this line'],
    ['tool a\n  --b', '2:3', 'this line begins with an option, and the line before it does not end in a backslash'],
    ['tool –wait', '1:6', 'this option begins with an en dash and not with a hyphen'],
    ['tool --x “y”', '1:10', 'these quotes are typographic, and quote nothing in a shell'],
    ['tool a\u00A0b', '1:6', 'a no-break space is part of this word, where a blank is meant'],
  ] as const
  for (const [text, place, message] of cases) {
    test(`in ${JSON.stringify(text)} is found: ${message}`, () => {
      const { problems } = read(text)
      assert.deepEqual(
        problems.map(({ at, message, rule }) => [`${at.line}:${at.column}`, message, rule]),
        [[place, message, 'shell-syntax']],
      )
    })
  }
  test('is a warning where the fence has no known program, and told once', () => {
    const { problems } = read('a\n|-- b (1)\n|-- c (2)')
    assert.deepEqual(
      problems.map(({ severity, at }) => [severity, at.line]),
      [['warning', 2]],
    )
    assert.equal(read('tool "').problems[0]?.severity, 'error')
  })
  test('of typesetting is found in a span only where it is no name', () => {
    assert.equal(read('runs get –wait', '', 'inline').problems.length, 1)
    assert.deepEqual(read('bound\u00A0apply', '', 'inline').problems, [])
  })
  test('offers what is meant where that is known', () => {
    assert.equal(read('tool –wait').problems[0]?.suggestion, '--wait')
    assert.equal(read('tool “y”').problems[0]?.suggestion, '"y"')
  })
  test('hides neither what stands before it nor what follows on the next line', () => {
    assert.deepEqual(read('tool a\ntool ) b\ntool c').commands.map(shown), ['tool a', 'tool', 'tool c'])
    assert.deepEqual(read('tool a\ntool "b\ntool c').commands.map(shown), ['tool a', 'tool c'])
  })
})

describe('a place', () => {
  test('is that of the page, also behind prompts, in scripts in quotes and after a continuation', () => {
    const text = `$ tool a <b>\n$ bash -c 'tool c'\n$ tool \\\n> --d`
    const { commands } = read(text, 'console')
    const places = commands.flatMap(({ words }) =>
      words.map(({ at, source }) => `${at.line}:${at.column}-${at.endColumn} ${source}`),
    )
    assert.deepEqual(places, [
      ...['1:3-7 tool', '1:8-9 a', '1:10-13 <b>'],
      ...['2:3-7 bash', '2:8-10 -c', "2:11-19 'tool c'", '2:12-16 tool', '2:17-18 c'],
      ...['3:3-7 tool', '4:3-6 --d'],
    ])
  })
  test('counts in UTF-16 units', () => {
    const [command] = read('tool "😀" x').commands
    assert.deepEqual(
      command?.words.map(({ at }) => at.column),
      [1, 6, 11],
    )
  })
  test('of a command goes over all its words and not over what is redirected', () => {
    const [command] = read('A=1 tool a \\\n  b > out').commands
    assert.deepEqual(command?.at, { file: 'a.md', line: 1, column: 5, endLine: 2, endColumn: 4 })
    assert.equal(command?.source, 'tool a \\\n  b')
  })
})
