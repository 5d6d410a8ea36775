import type { Step, Stepped, View } from './json-document.ts'

/** A place in a sample. The items of a list count together; what is empty or null in it says nothing of what else may be there. */
export function sampleView(values: readonly unknown[]): View {
  return { step: step => stepIn(values, step) }
}

function stepIn(values: readonly unknown[], step: Step): Stepped {
  const lists = values.filter(value => Array.isArray(value))
  const objects = values.filter(isObject)
  const next =
    'items' in step
      ? [...lists.flat(), ...objects.flatMap(object => Object.values(object))]
      : objects.filter(object => Object.hasOwn(object, step.member)).map(object => object[step.member])
  if (next.length > 0) return { to: sampleView(next) }
  const silent = (value: unknown) =>
    value === null || (Array.isArray(value) ? value.length === 0 && 'items' in step : isObject(value) && isEmpty(value))
  if (values.length === 0 || values.some(silent)) return 'open'
  return {
    members: [...new Set(objects.flatMap(object => Object.keys(object)))],
    list: lists.length > 0,
    scalar: lists.length === 0 && objects.length === 0,
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isEmpty(object: Readonly<Record<string, unknown>>): boolean {
  return Object.keys(object).length === 0
}
