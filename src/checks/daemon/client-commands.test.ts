import assert from 'node:assert/strict'
import { test } from 'node:test'
import { doctorAgrees, routesDiagnosed } from './client-commands.ts'

const checkNames = ['readyz', 'events_sse', 'storage', 'provider_readiness']
const routes = {
  ok: false,
  routeCount: 1,
  authChecked: true,
  referencesChecked: true,
  authRefs: [],
  routes: [],
  diagnostics: [],
  errors: ['no slot main'],
}

test('what a diagnosis found is the reason, not the exit code that it ends with', () => {
  const doctor = doctorAgrees.judge({ exitCode: 1, stderr: '', view: { ok: false, checkNames, errors: ['no space'] } })
  assert.deepEqual([doctor.outcome, 'reason' in doctor && doctor.reason], ['failed', 'the doctor found no space'])
  const routed = routesDiagnosed.judge({ exitCode: 1, stderr: '', view: routes })
  assert.deepEqual([routed.outcome, 'reason' in routed && routed.reason], ['failed', 'no slot main'])
})

test('a diagnosis that found nothing and ends badly is not green', () => {
  const doctor = doctorAgrees.judge({ exitCode: 1, stderr: '', view: { ok: true, checkNames, errors: [] } })
  assert.deepEqual([doctor.outcome, 'reason' in doctor && doctor.reason], ['failed', 'doctor: exit 1'])
  const routed = routesDiagnosed.judge({ exitCode: 1, stderr: '', view: { ...routes, ok: true, errors: [] } })
  assert.equal(routed.outcome, 'failed')
})

test('a diagnosis that was cut short by another failure is told by how it ended', () => {
  const doctor = doctorAgrees.judge({ exitCode: 4, stderr: '', view: { ok: false, checkNames, errors: ['no events'] } })
  assert.deepEqual([doctor.outcome, 'reason' in doctor && doctor.reason], ['failed', 'doctor: exit 4'])
})
