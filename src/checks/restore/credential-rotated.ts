import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { type Rotation, rotateCredential, rotation } from '../../drill/rotate-credential.ts'
import { runSource } from '../../drill/run-source.ts'
import { older, source } from '../../drill/subjects.ts'
import { changed, defineCheck, failed, passed } from '../../model/check.ts'
import { withoutFaults } from '../daemon/without-faults.ts'

/**
 * A route's credential is replaced, and a revocation blocks it until it is set again. The daemon had issued no lease for it, so
 * none can have been revoked: any other number is wrong.
 */
export const credentialRotated = defineCheck<Rotation>({
  id: 'credential-rotated',
  title: 'The credential of a route is replaced, blocked by its revocation, and works again once it is set',
  covers: [
    '7.4/2',
    '7.4/7',
    '7.4/9',
    '7.4/10',
    '7.4/11',
    '7.4/12',
    '7.4/13',
    '7.4/14',
    '9.B/2',
    '9.B/5',
    '9.B/6',
    '9.B/7',
  ],
  probe: async ({ values }) => values.get(rotation),

  judge({ slot, changedAtMs, revocation, blocked, ready }) {
    const [first, second, third] = changedAtMs
    if (!(first > 0 && first < second && second < third))
      return failed('the slot does not say that it was changed', { actual: [...changedAtMs] })
    if (revocation.slotId !== slot)
      return failed('another slot was revoked', { expected: slot, actual: revocation.slotId })
    if (revocation.revokedLeases !== 0)
      return failed('leases were revoked that nobody had', { expected: 0, actual: revocation.revokedLeases })
    const [whileRevoked, afterwards] = blocked
    if (!whileRevoked.includes(slot)) return failed('the revocation blocked nothing', { actual: [...whileRevoked] })
    if (afterwards.includes(slot)) return failed('the new value left the slot blocked', { actual: [...afterwards] })
    if (!ready.activeRouteReady || ready.routeErrorCount > 0 || !ready.diagnosed.every(Boolean))
      return failed('the route is not ready afterwards', { actual: { ...ready } })
    return passed({ actual: { slot, ...ready } })
  },

  counterproofs: [
    {
      id: 'not-replaced',
      breaks: 'the slot has the time of change it had',
      because: /does not say that it was changed/,
      observation: observed => ({ ...observed, changedAtMs: [5, 5, 6] }),
    },
    {
      id: 'other-slot',
      breaks: 'the answer is about another slot',
      because: /another slot/,
      observation: observed => ({ ...observed, revocation: { ...observed.revocation, slotId: 'another' } }),
    },
    {
      id: 'strange-leases',
      breaks: 'leases are counted that were never issued',
      because: /nobody had/,
      observation: observed => ({ ...observed, revocation: { ...observed.revocation, revokedLeases: 3 } }),
    },
    {
      id: 'still-blocked',
      breaks: 'the slot is still blocked at the end',
      because: /left the slot blocked/,
      observation: observed => ({ ...observed, blocked: [observed.blocked[0], [observed.slot]] }),
    },
    {
      id: 'route-in-error',
      breaks: 'the route is in error at the end',
      because: /not ready afterwards/,
      observation: observed => ({ ...observed, ready: { ...observed.ready, routeErrorCount: 1 } }),
    },
    {
      id: 'revokes-nothing',
      breaks: 'a source on an older state answers revocations with success and does nothing',
      because: /blocked nothing/,
      cost: { instances: 1 },
      unavailable: withoutFaults,
      subject: async (context, scope) => {
        const { files, archives } = context.tools
        const { open, reading } = context.values.get(older)
        const site = context.values.get(source)
        const scratch = join(site.stateRoot, '..', 'counterproofs', randomBytes(4).toString('hex'))
        const stateRoot = join(scratch, 'state')
        scope.defer(() => files.remove(scratch))
        await files.makeDirectory(stateRoot)
        await archives.unpack({ open, name: 'the older archive', into: stateRoot, signal: context.signal, ...reading })
        const broken = { ...site, stateRoot, faults: ['no-op-revoke'] }
        const instance = scope.use(await runSource(context, broken, scratch))
        return changed(context, {
          values: context.values.with(rotation, await rotateCredential(context, broken, instance)),
        })
      },
    },
  ],
})
