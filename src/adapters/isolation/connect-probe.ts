import { connect, type NetConnectOpts } from 'node:net'
import type { ProbeOptions, ProbeResult } from '../../model/instance.ts'

/**
 * Tries to open a connection and closes it at once. Run inside a barrier it asks whether there is a way out; run
 * outside it shows that the question can be answered with yes.
 */
export function connectProbe({ timeoutMs = 1_000, ...to }: ProbeOptions): Promise<ProbeResult> {
  return new Promise(resolve => {
    const socket = connect(to satisfies NetConnectOpts)
    const settle = (result: ProbeResult) => {
      clearTimeout(timer)
      socket.destroy()
      resolve(result)
    }
    const timer = setTimeout(() => settle({ outcome: 'no-answer', code: 'ETIMEDOUT' }), timeoutMs)
    socket.once('connect', () => settle({ outcome: 'connected', code: '' }))
    socket.once('error', (error: NodeJS.ErrnoException) => {
      const code = error.code ?? 'UNKNOWN'
      if (code === 'ECONNREFUSED') settle({ outcome: 'refused', code })
      else if (code === 'ETIMEDOUT') settle({ outcome: 'no-answer', code })
      else settle({ outcome: 'unreachable', code })
    })
  })
}
