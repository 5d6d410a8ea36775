import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { canonicalJson } from './canonical.ts'

describe('canonical JSON', () => {
  test('writes the sample of RFC 8785, section 3.2.2, as section 3.2.3 has it', () => {
    const input = JSON.parse(String.raw`{
      "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
      "literals": [null, true, false]
    }`)
    const output = String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`
    assert.equal(canonicalJson(input), output)
  })

  test('sorts members by UTF-16 code units as RFC 8785, section 3.2.3, shows', () => {
    const input = {
      '€': 'Euro Sign',
      '\r': 'Carriage Return',
      '\ufb33': 'Hebrew Letter Dalet With Dagesh',
      '1': 'One',
      '😀': 'Smiley',
      '\u0080': 'Control',
      ö: 'O Umlaut',
    }
    const order = [
      'Carriage Return',
      'One',
      'Control',
      'O Umlaut',
      'Euro Sign',
      'Smiley',
      'Hebrew Letter Dalet With Dagesh',
    ]
    assert.deepEqual(
      [...canonicalJson(input).matchAll(/:"([^"]+)"/g)].map(match => match[1]),
      order,
    )
  })

  // RFC 8785, appendix B: IEEE 754 bits and the text they become.
  const numbers = [
    ['0000000000000000', '0'],
    ['8000000000000000', '0'],
    ['0000000000000001', '5e-324'],
    ['8000000000000001', '-5e-324'],
    ['7fefffffffffffff', '1.7976931348623157e+308'],
    ['4340000000000000', '9007199254740992'],
    ['4430000000000000', '295147905179352830000'],
    ['44b52d02c7e14af5', '9.999999999999997e+22'],
    ['44b52d02c7e14af6', '1e+23'],
    ['444b1ae4d6e2ef4e', '999999999999999700000'],
    ['444b1ae4d6e2ef50', '1e+21'],
    ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
    ['3eb0c6f7a0b5ed8d', '0.000001'],
    ['41b3de4355555553', '333333333.3333332'],
    ['becbf647612f3696', '-0.0000033333333333333333'],
    ['43143ff3c1cb0959', '1424953923781206.2'],
  ] as const
  for (const [bits, text] of numbers) {
    test(`writes the number ${bits} as ${text}`, () => {
      assert.equal(canonicalJson(Buffer.from(bits, 'hex').readDoubleBE()), text)
    })
  }

  test('refuses what JSON can not say', () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 1n, () => 1, '\ud800', { '\udc00': 1 }, [undefined]])
      assert.throws(() => canonicalJson(value), TypeError)
  })

  test('leaves members out that are undefined', () => assert.equal(canonicalJson({ b: 1, a: undefined }), '{"b":1}'))

  test('says the same as the value, in one way only', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), value => {
        const text = canonicalJson(value)
        assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)))
        assert.equal(canonicalJson(JSON.parse(text)), text)
      }),
    )
  })
})
