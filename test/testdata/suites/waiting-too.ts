import { suite } from './suite.ts'

export default suite(
  'waiting-too',
  true,
  {},
  ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', reject)),
)
