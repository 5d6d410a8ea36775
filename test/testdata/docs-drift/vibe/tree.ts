import { type Sketch, smallTree } from '../../../../src/docs/judge/testdata/small-tree.ts'

const opened: Sketch = { options: ['--password <password>', '--password-file <file>'], args: ['<package>'] }

/** The command line as it is: nothing of it knows a file of encrypted secrets. */
export const vibe = smallTree('vibe', {
  commands: {
    ...{ init: {}, validate: {}, keygen: {}, 'import-compose': {}, 'install-hooks': {}, licenses: {} },
    package: { options: ['--password <password>', '--password-file <file>'] },
    ...{ sign: opened, verify: opened, inspect: opened, revert: opened },
  },
})
