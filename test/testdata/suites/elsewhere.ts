import { suite } from './suite.ts'

export default suite('elsewhere', true, { unfit: () => 'it has nothing to ask here' })
