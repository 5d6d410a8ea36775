import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { closest } from './closest.ts'

const known = ['way', 'log', 'restore-drill', 'backup', 'state-archive']

const cases = [
  ['finds a word with two letters swapped', 'wya', 'way'],
  ['finds a word with a letter too many', 'backupp', 'backup'],
  ['finds a long word with several mistakes', 'restor-dril', 'restore-drill'],
  ['finds a word in other case', 'BACKUP', 'backup'],
  ['guesses nothing for a short word that is another one', 'xyz', undefined],
  ['guesses nothing for a word of its own', 'containment', undefined],
] as const

describe('the closest word', () => {
  for (const [title, word, expected] of cases) test(title, () => assert.equal(closest(word, known), expected))

  test('is none where none is known', () => assert.equal(closest('way', []), undefined))
})
