import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { withDaemon, withProxy } from '../../daemon/break.ts'
import { startBroken } from '../../daemon/start-isolated.ts'
import { daemon, keysDir } from '../../daemon/subjects.ts'
import { defineCheck, failed, passed } from '../../model/check.ts'
import type { Instance } from '../../model/instance.ts'

interface Observed {
  readonly exited: string | undefined
  readonly status: number
  readonly location: string | undefined
  readonly body: string
}

/** The daemon is up and says so itself: 200, its own body, no redirect. An open port is not health. */
export const instanceReady = defineCheck<Observed>({
  id: 'ready',
  covers: ['7.4/17', '7.3/47', '9.A/1', '9.A/2', '9.A/3', '9.A/4'],
  title: 'The daemon says it is ready, in its own words and without a redirect',

  async probe({ values, target, deadlineMs }) {
    const { instance } = values.get(daemon)
    const exited = 'state' in instance ? await endOf(instance as Instance) : undefined
    if (exited !== undefined) return { exited, status: 0, location: undefined, body: '' }
    const answer = await instance.request(target.http.ready, { timeoutMs: Math.min(deadlineMs, 5_000) })
    return {
      exited: undefined,
      status: answer.status,
      location: answer.headers.location,
      body: answer.text.slice(0, 200),
    }
  },

  judge({ exited, status, location, body }) {
    if (exited !== undefined) return failed(`the daemon ended: ${exited}`)
    if (location !== undefined || (status >= 300 && status < 400))
      return failed('the answer is a redirect', { expected: 200, actual: status })
    if (status !== 200) return failed('the daemon is not ready', { expected: 200, actual: status })
    if (body.trim() !== 'ready')
      return failed('something else answers in its place', { expected: 'ready', actual: body })
    return passed({ expected: 200, actual: status })
  },

  counterproofs: [
    {
      id: 'draining',
      breaks: 'the answer is 503',
      because: /not ready/,
      observation: observed => ({ ...observed, status: 503 }),
    },
    {
      id: 'never-answers',
      breaks: 'the port is open and never answers',
      expects: 'TIMEOUT',
      deadlineMs: 700,
      subject: (context, scope) => withProxy(context, scope, { silent: true }),
    },
    {
      id: 'redirect-to-html',
      breaks: 'every path answers 307 to an HTML page',
      because: /redirect/,
      subject: (context, scope) =>
        withProxy(context, scope, {
          answer: {
            status: 307,
            headers: { location: '/login.html', 'content-type': 'text/html' },
            body: '<html></html>',
          },
        }),
    },
    {
      id: 'html-page',
      breaks: 'a page with status 200 answers in its place',
      because: /something else answers/,
      subject: (context, scope) =>
        withProxy(context, scope, {
          answer: { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>welcome</html>' },
        }),
    },
    {
      id: 'wrong-master-key',
      breaks: 'a daemon on a copy of the state gets another master key',
      because: /the daemon ended/,
      cost: { instances: 1 },
      subject: async (context, scope) => {
        const masterKeyFile = join(context.values.get(keysDir), 'another-master-key')
        scope.defer(() => context.tools.files.remove(masterKeyFile))
        await context.tools.files.write(masterKeyFile, randomBytes(32).toString('base64'))
        const broken = await startBroken(context, scope, { masterKeyFile })
        return withDaemon(context, broken)
      },
    },
  ],
})

/** How the daemon ended, in words; undefined while it runs. */
async function endOf(instance: Instance): Promise<string | undefined> {
  const state = instance.state()
  if (state.phase !== 'exited') return undefined
  return `exit ${state.exitCode ?? state.signal}: ${lastLine((await instance.log()).stderr)}`
}

function lastLine(text: string): string {
  return (text.trim().split('\n').at(-1) ?? '').slice(0, 200)
}
