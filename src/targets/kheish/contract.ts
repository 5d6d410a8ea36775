import type { Fact } from '../../model/contract.ts'
import { accessFacts } from './contract/access.ts'
import { clientFacts } from './contract/client.ts'
import { credentialFacts } from './contract/credentials.ts'
import { objectFacts } from './contract/objects.ts'
import { probeFacts } from './contract/probes.ts'

/** What the published contract says and a binary can be asked about. */
export const contract: readonly Fact[] = [
  ...probeFacts,
  ...accessFacts,
  ...objectFacts,
  ...credentialFacts,
  ...clientFacts,
]
