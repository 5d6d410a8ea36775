import type { Fact } from '../../model/contract.ts'
import { probeFacts } from './contract/probes.ts'

/** What the published contract says and a binary can be asked about, in its order. */
export const contract: readonly Fact[] = [...probeFacts]
