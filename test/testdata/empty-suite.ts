import { describe } from 'node:test'

describe('nothing in here', () => {})
