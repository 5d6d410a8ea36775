import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chmodSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { readSecrets } from '../cli/secrets.ts'
import { lookUpProgram } from './find-program.ts'
import { readKeyring } from './keyring.ts'

const NEEDED = ['dbus-run-session', 'gnome-keyring-daemon', 'secret-tool']
const missing = NEEDED.filter(program => lookUpProgram(program) === undefined)
const skip = missing.length > 0 && `${missing.join(', ')} is missing`

const root = mkdtempSync(join(tmpdir(), 'keyring-'))
after(() => rmSync(root, { recursive: true, force: true }))
const asked = (account: string, env: NodeJS.ProcessEnv, withinMs?: number) => readKeyring(account, env, withinMs)

describe('an entry of the keyring', { skip, timeout: 30_000, concurrency: 1 }, () => {
  let session: Session
  before(async () => {
    session = await Session.start()
  })
  after(() => session.end())

  test('is read as it was stored, by whoever stored it', async () => {
    session.run(
      'secret-tool',
      ['store', '--label=x', 'service', 'runproof', 'username', 'admin'],
      'välue of the keyring\n',
    )
    assert.equal(await asked('admin', session.env), 'välue of the keyring\n')
    const { next } = await readSecrets({ next: 'keyring:admin' }, ['next'], session.env, process.stdin)
    assert.equal(next!.reveal(), 'välue of the keyring')
    const stored = globSync('**/*.keyring', { cwd: root }).map(file => readFileSync(join(root, file)))
    assert.ok(stored.length > 0 && stored.every(bytes => !bytes.includes('of the keyring')))
  })

  test('that is not there is named, and how to put it there', async () => {
    await assert.rejects(asked('nobody', session.env), {
      code: 'SECRET_MISSING',
      message: 'the keyring has no entry nobody of the service runproof',
      hint: /^put it there: secret-tool store .* service runproof username nobody$/,
    })
  })

  test('of another service is not taken for it', async () => {
    session.run('secret-tool', ['store', '--label=x', 'service', 'other', 'username', 'foreign'], 'a foreign value')
    await assert.rejects(asked('foreign', session.env), { code: 'SECRET_MISSING' })
  })

  test('that is there twice is not guessed at', async () => {
    for (const more of ['1', '2'])
      session.run(
        'secret-tool',
        ['store', '--label=x', 'service', 'runproof', 'username', 'twice', 'more', more],
        `value number ${more}`,
      )
    await assert.rejects(asked('twice', session.env), { code: 'SECRET_UNREADABLE', message: /several entries twice/ })
  })

  test('is not readable while the keyring is locked, and that is said at once', async () => {
    // The program that ships with Debian 12 locks it, and then ends with a segmentation fault.
    spawnSync('secret-tool', ['lock', '--collection=login'], { env: session.env, timeout: 10_000 })
    await assert.rejects(asked('admin', session.env), { code: 'SECRET_UNREADABLE', message: /admin is locked$/ })
  })
})

describe('without a Secret Service', { timeout: 30_000 }, () => {
  test('it is said that there is none, and not that the entry is missing', async () => {
    for (const env of [{}, { DBUS_SESSION_BUS_ADDRESS: `unix:path=${root}/nowhere` }])
      await assert.rejects(asked('admin', env), {
        code: 'SECRET_UNREADABLE',
        message: /^no Secret Service answers/,
        hint: /DBUS_SESSION_BUS_ADDRESS/,
      })
  })

  test('one that never answers is not waited for', async () => {
    const path = join(root, 'silent')
    await using server = createServer(socket => socket.resume()).listen(path)
    await new Promise(listening => server.once('listening', listening))
    await assert.rejects(asked('admin', { DBUS_SESSION_BUS_ADDRESS: `unix:path=${path}` }, 1_000), {
      code: 'TIMEOUT',
      message: 'the keyring did not answer within 1000 ms, asked for admin',
    })
  })
})

/** A session of its own: a bus, and a keyring that was unlocked with a password. */
class Session {
  readonly env: NodeJS.ProcessEnv
  readonly #bus: ChildProcess

  private constructor(bus: ChildProcess, env: NodeJS.ProcessEnv) {
    this.#bus = bus
    this.env = env
  }

  static async start(): Promise<Session> {
    const [home, runtime] = [join(root, 'at-home'), join(root, 'runtime')]
    for (const directory of [home, runtime]) mkdirSync(directory)
    chmodSync(runtime, 0o700)
    const own = { PATH: process.env.PATH, HOME: home, XDG_DATA_HOME: join(home, 'data'), XDG_RUNTIME_DIR: runtime }
    const script = join(root, 'session.sh')
    // It ends with its standard input, and the bus, and the keyring on it, with it.
    writeFileSync(
      script,
      'printf pw | gnome-keyring-daemon --unlock --components=secrets >/dev/null\nprintf "%s\\n" "$DBUS_SESSION_BUS_ADDRESS"\ncat >/dev/null\n',
    )
    const bus = spawn('dbus-run-session', ['--', 'sh', script], { env: own, stdio: ['pipe', 'pipe', 'ignore'] })
    const address = await new Promise<string>((resolve, reject) => {
      bus.stdout.once('data', (line: Buffer) => resolve(line.toString().trim()))
      bus.once('exit', code => reject(new Error(`the session ended with ${code}`)))
    })
    return new Session(bus, { ...own, DBUS_SESSION_BUS_ADDRESS: address })
  }

  run(program: string, words: readonly string[], input = ''): void {
    const { status, stderr } = spawnSync(program, words, { env: this.env, input, encoding: 'utf8', timeout: 10_000 })
    assert.equal(status, 0, stderr)
  }

  async end(): Promise<void> {
    const ended = new Promise(resolve => this.#bus.once('exit', resolve))
    this.#bus.stdin!.end()
    await ended
  }
}
