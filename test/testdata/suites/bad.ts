import { suite } from './suite.ts'

export default suite('bad', false)
