import type { Secret } from '../../model/secret.ts'
import { formsOf } from '../../scan/forms.ts'

/**
 * Names of the values that stand in what was printed, in whatever encoding, each with its form where it is not the plain one.
 *
 * @param values - known ones, under the names they are reported by
 */
export function heldBy(
  printed: string,
  values: readonly { readonly kind: string; readonly value: Secret }[],
): readonly string[] {
  const bytes = Buffer.from(printed)
  return values.flatMap(({ kind, value }) => {
    const { forms } = formsOf({ name: kind, value: value.reveal() })
    const form = forms.find(one => bytes.includes(one.bytes))
    return form === undefined ? [] : [form.name === 'raw' ? kind : `${kind} as ${form.name}`]
  })
}
