import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { describe, test } from 'node:test'
import { LineInput } from './line-input.ts'

const signal = new AbortController().signal

function keyboard(columns = 80) {
  const input = new PassThrough()
  const output = Object.assign(new PassThrough(), { columns })
  let shown = ''
  output.setEncoding('utf8').on('data', text => (shown += text))
  const lines = new LineInput(input, output)
  const prompted = async (prompt: string) => {
    while (!shown.includes(prompt)) await new Promise(resolve => output.once('data', resolve))
  }
  return { input, lines, prompted, shown: () => shown }
}

describe('a question that is answered by a line', () => {
  test('takes the line without the white space around it, also in pieces and with the line ends of other systems', async () => {
    const { input, lines, prompted } = keyboard()
    const first = lines.ask('one? ', signal)
    await prompted('one? ')
    input.write(' ü'.slice(0, 2))
    input.write('r\r\n')
    assert.equal(await first, 'ür')
    const second = lines.ask('two? ', signal)
    await prompted('two? ')
    const bytes = Buffer.from('né\n')
    input.write(bytes.subarray(0, 2))
    input.write(bytes.subarray(2))
    assert.equal(await second, 'né')
  })

  test('is not answered by what was typed ahead of it: a pasted text answers once', async () => {
    const { input, lines, prompted, shown } = keyboard()
    const first = lines.ask('one? ', signal)
    await prompted('one? ')
    input.write('r\nr\nr\nhalf')
    assert.equal(await first, 'r')
    const second = lines.ask('two? ', signal)
    await prompted('two? ')
    assert.match(shown(), /typed before anything was asked is left out\.\ntwo\? $/)
    input.write('s\n')
    assert.equal(await second, 's')
  })

  test('is not answered when the input ends, nor is any later one', async () => {
    const { input, lines, prompted } = keyboard()
    const first = lines.ask('one? ', signal)
    await prompted('one? ')
    input.end()
    assert.equal(await first, undefined)
    assert.equal(await lines.ask('two? ', signal), undefined)
  })

  test('is not answered when the terminal goes away', async () => {
    const { input, lines, prompted } = keyboard()
    const first = lines.ask('one? ', signal)
    await prompted('one? ')
    input.destroy(Object.assign(new Error('read EIO'), { code: 'EIO' }))
    assert.equal(await first, undefined)
  })

  test('is shown again to whoever comes back from the shell, and only while it is asked', async () => {
    const { input, lines, prompted, shown } = keyboard()
    const first = lines.ask('one? ', signal)
    await prompted('one? ')
    input.write('half')
    process.emit('SIGCONT', 'SIGCONT')
    await prompted('one? \none? ')
    input.write('whole\n')
    assert.equal(await first, 'whole')
    process.emit('SIGCONT', 'SIGCONT')
    const second = lines.ask('two? ', signal)
    await prompted('two? ')
    input.write('\n')
    await second
    assert.equal(shown(), 'one? \none? two? ')
  })

  test('fits a narrow terminal, where a key stays with what it does', async () => {
    const { input, lines, prompted, shown } = keyboard(24)
    const first = lines.ask('r run  s skip  h hand over  q stop  ? help\n> ', signal)
    await prompted('> ')
    input.write('\n')
    await first
    assert.equal(shown(), 'r run  s skip\nh hand over  q stop\n? help\n> ')
    const second = lines.ask('Who takes over from second-shift? ', signal)
    await prompted('shift? ')
    assert.match(shown(), /Who takes over from\nsecond-shift\? $/)
    input.write('\n')
    await second
  })

  test('is given up when nobody has to answer any more', async () => {
    const { lines, prompted } = keyboard()
    const controller = new AbortController()
    const first = lines.ask('one? ', controller.signal)
    await prompted('one? ')
    controller.abort()
    assert.equal(await first, undefined)
    assert.equal(await lines.ask('two? ', controller.signal), undefined)
  })
})
