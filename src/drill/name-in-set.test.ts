import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { RunproofError } from '../model/error.ts'
import { archivesInSet, nameInSet } from './name-in-set.ts'

const BESIDES = ['SHA256SUMS', 'facts.json', 'facts.dsse.json', 'state.manifest.json', 'workspace.manifest.json']
const signed = (file: string) => ({ state: { file } })

describe('the name of an archive in a backup set', () => {
  for (const name of ['.tar', '.tar.gz', '.tar.zst', '.tar.age', '.tar.gz.age', '.tar.zst.age'].map(
    ending => `state${ending}`,
  )) {
    test(`is ${name} where that alone is there, with facts and without`, () => {
      const names = [...BESIDES, `${name}.bak`, `old-${name}`, name, `${name}~`]
      assert.equal(nameInSet('/set', names, 'state', undefined), name)
      assert.equal(nameInSet('/set', names, 'state', signed(name)), name)
    })
  }

  test('is what the facts say, however many others there are and whatever it is called', () => {
    const names = [...BESIDES, 'state.tar.bak', 'state.tar', 'state.tar.zst', 'tonight.bin']
    for (const name of ['state.tar', 'state.tar.zst', 'tonight.bin'])
      assert.equal(nameInSet('/set', names, 'state', signed(name)), name)
  })

  test('is nothing for a part that is not there, or that the facts do not have', () => {
    assert.equal(nameInSet('/set', BESIDES, 'workspace', undefined), undefined)
    assert.equal(nameInSet('/set', [...BESIDES, 'state.tar'], 'workspace', signed('state.tar')), undefined)
    assert.equal(nameInSet('/set', [...BESIDES, 'workspace.tar'], 'workspace', signed('state.tar')), undefined)
  })

  const refused: readonly (readonly [string, readonly string[], string | undefined, RegExp])[] = [
    ['two that could be it', ['state.tar', 'state.tar.zst'], undefined, /state\.tar, state\.tar\.zst/],
    ['one the facts name and that is not there', ['state.tar.bak', 'state.tar'], 'state.tar.zst', /state\.tar\.zst/],
    ['one that would lie elsewhere', ['state.tar'], '../elsewhere/state.tar', /elsewhere/],
    ['one in a directory below', ['state.tar', 'x'], 'x/state.tar', /x\/state\.tar/],
  ]
  for (const [title, names, file, message] of refused) {
    test(`refuses ${title}, and names what is there`, () => {
      assert.throws(
        () => nameInSet('/set', [...BESIDES, ...names], 'state', file === undefined ? undefined : signed(file)),
        (thrown: unknown) =>
          thrown instanceof RunproofError &&
          thrown.code === 'ARCHIVE_UNREADABLE' &&
          message.test(thrown.message) &&
          `${thrown.message} ${thrown.hint}`.includes('state.tar'),
      )
    })
  }

  test('may be one of those with a known ending, and no other', () => {
    assert.deepEqual(archivesInSet([...BESIDES, 'state.tar.xz', 'state.tar.bak', 'state.tar', 'state'], 'state'), [
      'state.tar',
    ])
  })
})
