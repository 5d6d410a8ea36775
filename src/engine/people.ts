import type { Evidence, JournalRecord } from '../evidence/schema.ts'
import type { Role } from '../model/runbook.ts'

type Notes = NonNullable<Evidence['notes']>
type Handovers = NonNullable<Evidence['handovers']>
type Snapshots = NonNullable<Evidence['snapshots']>

/** Who is there when a run begins. */
export interface Standing {
  /** Whoever sits at the keyboard. */
  readonly operator: string
  /** Roles that were bound to somebody; the operator holds the others. */
  readonly roles: Readonly<Partial<Record<Role, string>>>
}

/** What people did besides the steps, before a run was gone on with. */
export interface PeopleBefore {
  readonly roles: Standing['roles']
  readonly notes: Notes
  readonly handovers: Handovers
  readonly snapshots: Snapshots
}

/** Who has to answer. */
export interface Asked {
  readonly of: string
  readonly role?: Role
  /** Whether that is somebody else than the operator: asked by name, and for a reason. */
  readonly other: boolean
}

/** Who acts, and in which role if in one. */
export interface Who {
  readonly by: string
  readonly role?: Role
}

/** Who holds what while a run goes on, and what they wrote down. */
export class People {
  readonly notes: Notes
  readonly handovers: Handovers
  readonly snapshots: Snapshots
  readonly #roles: Map<Role, string>
  #operator: string

  constructor({ operator, roles }: Standing, before?: PeopleBefore) {
    this.#operator = operator
    this.#roles = new Map(Object.entries({ ...before?.roles, ...roles }) as [Role, string][])
    this.notes = [...(before?.notes ?? [])]
    this.handovers = [...(before?.handovers ?? [])]
    this.snapshots = [...(before?.snapshots ?? [])]
  }

  get operator(): string {
    return this.#operator
  }

  get roles(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#roles)
  }

  holderOf(role: Role | undefined): string {
    return (role === undefined ? undefined : this.#roles.get(role)) ?? this.#operator
  }

  /** Who answers for a step. */
  askedFor(role: Role | undefined): Asked {
    const of = this.holderOf(role)
    return { of, ...(role === undefined ? {} : { role }), other: of !== this.#operator }
  }

  /** The operator, in the role of the step where the operator holds it. */
  acting(role: Role | undefined): Who {
    const holds = role !== undefined && this.holderOf(role) === this.#operator
    return { by: this.#operator, ...(holds ? { role } : {}) }
  }

  /** @param role - what is handed over; without one the keyboard is */
  handOver(at: string, to: string, role: Role | undefined): void {
    const keyboard = role === undefined || role === 'operator'
    this.handovers.push({
      at,
      from: keyboard ? this.#operator : this.holderOf(role),
      to,
      ...(role === undefined ? {} : { role }),
    })
    if (keyboard) this.#operator = to
    if (role !== undefined && binds(role, this.#roles.has(role))) this.#roles.set(role, to)
  }

  /** As evidence holds it: nothing where nobody did anything. */
  known(): Pick<Evidence, 'roles' | 'notes' | 'handovers' | 'snapshots'> {
    return {
      ...(this.#roles.size === 0 ? {} : { roles: { ...this.roles } }),
      ...(this.notes.length === 0 ? {} : { notes: this.notes }),
      ...(this.handovers.length === 0 ? {} : { handovers: this.handovers }),
      ...(this.snapshots.length === 0 ? {} : { snapshots: this.snapshots }),
    }
  }
}

/** Whoever sits at the keyboard is the operator: that binds nobody for a run that is gone on with elsewhere. */
function binds(role: Role, bound: boolean): boolean {
  return role !== 'operator' || bound
}

/** What a journal says of people. The operator before a break is not the one who goes on. */
export function peopleIn(records: readonly JournalRecord[]): PeopleBefore {
  const people = new People({ operator: '', roles: {} })
  let roles: Record<string, string> = {}
  for (const { type, at, data } of records) {
    const role = data['role'] as Role | undefined
    const who = { by: data['by'] as string, ...(role === undefined ? {} : { role }), at }
    if (type === 'run-started') roles = { ...(data['roles'] as Record<string, string> | undefined) }
    if (type === 'note') people.notes.push({ ...who, text: data['text'] as string })
    if (type === 'handover') {
      const { from, to } = data as { from: string; to: string }
      people.handovers.push({ at, from, to, ...(role === undefined ? {} : { role }) })
      if (role !== undefined && binds(role, role in roles)) roles[role] = to
    }
    if (type === 'snapshot') people.snapshots.push({ ...who, path: data['path'] as string, outcome: 'errored' })
    if (type === 'snapshot-ended' && data['outcome'] === 'done') {
      const last = people.snapshots.find(({ path }) => path === data['path'])
      if (last !== undefined) last.outcome = 'done'
    }
  }
  return { roles, notes: people.notes, handovers: people.handovers, snapshots: people.snapshots }
}
