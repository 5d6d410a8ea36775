import { suite } from './suite.ts'

export default suite(
  'waiting',
  true,
  {},
  ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', reject)),
)
