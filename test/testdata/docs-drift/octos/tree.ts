import { smallTree } from '../../../../src/docs/judge/testdata/small-tree.ts'

/** The command line as it has become. */
export const octos = smallTree('octos', {
  commands: {
    serve: {
      options: [
        '--host <host>',
        '-p, --port <port>',
        '--data-dir <dir>',
        '--config <file>',
        '--auth-token <token>',
        '--solo',
        '--no-network',
      ],
    },
    auth: {
      commands: {
        login: {},
        'set-key': { options: ['-p, --profile <profile>'], args: ['<name>', '[value]'] },
        keys: { options: ['-p, --profile <profile>'] },
        'remove-key': { options: ['-p, --profile <profile>'], args: ['<name>'] },
        unlock: { options: ['--password <password>'] },
      },
    },
    admin: { commands: { 'reset-token': { options: ['--data-dir <dir>', '--yes'] } } },
    doctor: { options: ['--json', '--verbose', '--strict', '--data-dir <dir>'] },
    update: {},
  },
})
