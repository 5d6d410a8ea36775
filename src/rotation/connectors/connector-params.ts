import type { ParamSpec } from '../../model/runbook.ts'
import { slotRotationParams } from '../slots/slot-params.ts'

/** What the rotation of a secret of a connector takes. */
export const connectorParams: Readonly<Record<string, ParamSpec>> = {
  ...slotRotationParams,
  connector: {
    describe: 'the connector whose secret is replaced',
    example: 'ops-webhook',
    refuse: value => (/^[^\s:-][^\s:]*$/.test(value) ? undefined : 'expected a name: one word without a colon'),
  },
}

/** What the rotation of a credential takes that its process fetches. */
export const credentialParams: Readonly<Record<string, ParamSpec>> = {
  ...connectorParams,
  'auth-ref': {
    describe: 'the slot whose value is replaced: one of its credential slots',
    example: 'sidecars.webhook.routes',
    refuse: value => (/^[^\s-]\S*$/.test(value) ? undefined : 'expected one word that does not begin with a hyphen'),
  },
  'connector-file': {
    describe: 'its whole configuration, JSON, as it was put: the daemon shows neither values nor slots of it',
    example: '/etc/daemon/ops-webhook.json',
    refuse: value => (value.startsWith('/') ? undefined : 'expected an absolute path'),
  },
}
