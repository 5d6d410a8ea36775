import { suite } from './suite.ts'

export default suite('keyless', true, {
  secrets: ['provider-key'],
  missing: ({ secretNames }) => (secretNames.includes('provider-key') ? undefined : 'no provider key was given'),
})
