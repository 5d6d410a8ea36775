import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { plainText } from './plain-text.ts'

describe('plain text', () => {
  const cases = [
    ['has no colours', '\u001b[1;32mUsage\u001b[0m: \u001b[38;2;1;2;3mx\u001b[m', 'Usage: x'],
    ['has no titles and links', '\u001b]0;title\u0007a\u001b]8;;http://x\u001b\\b\u001b]8;;\u001b\\', 'ab'],
    ['has no other escape sequences', '\u001b(Ba\u001b=b\u001b7c\u009b1md', 'abcd'],
    ['loses a sequence that never ends', 'a\u001b[12;', 'a'],
    ['has one letter where one was struck over itself', 'N\bNA\bA_\bM_\bE', 'NAME'],
    ['keeps the line before what goes back too far', 'a\n\b\bb', 'a\nb'],
    ['takes a pair of surrogates for one letter', '😀\b😀!', '😀!'],
    ['has the line ends of Unix', 'a\r\nb\r\r\nc', 'a\nb\nc'],
    ['keeps tabs and no other control character', 'a\tb\u0000\u0001c\u007f', 'a\tbc'],
    ['is what it was otherwise', '  --flag <X>  ünïcode …\n', '  --flag <X>  ünïcode …\n'],
  ] as const
  for (const [title, given, expected] of cases) {
    test(title, () => assert.equal(plainText(Buffer.from(given)), expected))
  }

  test('is had of bytes that are no text', () => {
    assert.equal(plainText(Uint8Array.from([0xff, 0xfe, 0x41])), '\ufffd\ufffdA')
  })

  test('takes time by the length of what is given, whatever is in it', () => {
    const seeds = ['\u001b]', '\u001b[', '\u001b[0;', 'x\b', '\b', '\u001b]\u001b', '\r', '\u001b(']
    for (const seed of seeds) {
      const bytes = Buffer.from(seed.repeat(1_048_576 / seed.length))
      const before = process.cpuUsage()
      plainText(bytes)
      const tookMs = process.cpuUsage(before).user / 1_000
      assert.ok(tookMs < 2_000, `${JSON.stringify(seed)} took ${Math.round(tookMs)} ms`)
    }
  })
})
