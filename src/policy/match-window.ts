import { type Held, no, unknown, yes } from './held.ts'
import { DAYS, type Day, type Window } from './rule.ts'

const DAY_MINUTES = 24 * 60
const WEEK_MINUTES = 7 * DAY_MINUTES

/** Whether the clocks of its zone stand inside of a window: an hour that they skip is in none, one that they show twice counts twice. */
export function isOpen(window: Window, at: Date): Held {
  const minute = minuteOfWeek(window.zone, at)
  if (minute === undefined) return unknown(`this machine knows no zone ${window.zone}, or no time`)
  const time = `${window.zone} has ${DAYS[Math.floor(minute / DAY_MINUTES)]} ${clockText(minute % DAY_MINUTES)}`
  const said = `${window.days.join(', ')} ${clockText(window.fromMinute)} to ${clockText(window.toMinute)}`
  return openMinutes(window).has(minute) ? yes(`${time}, inside of ${said}`) : no(`${time}, outside of ${said}`)
}

/** Minutes of a week, from Monday 00:00, in which a window is open. */
export function openMinutes({ days, fromMinute, toMinute }: Window): ReadonlySet<number> {
  const open = new Set<number>()
  const length = toMinute >= fromMinute ? toMinute - fromMinute : toMinute - fromMinute + DAY_MINUTES
  for (const day of days) {
    const from = DAYS.indexOf(day) * DAY_MINUTES + fromMinute
    for (let minute = from; minute < from + length; minute++) open.add(minute % WEEK_MINUTES)
  }
  return open
}

/** Undefined for a zone without data, and for an instant that is none. */
function minuteOfWeek(zone: string, at: Date): number | undefined {
  // An offset is no zone: it knows no summer.
  if (!/^[A-Za-z]/.test(zone) || Number.isNaN(at.getTime())) return undefined
  try {
    const format = new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    })
    const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]))
    const day = DAYS.indexOf(parts.get('weekday')!.toLowerCase() as Day)
    return day * DAY_MINUTES + Number(parts.get('hour')) * 60 + Number(parts.get('minute'))
  } catch (thrown) {
    if (thrown instanceof RangeError) return undefined
    throw thrown
  }
}

function clockText(minute: number): string {
  const two = (part: number) => String(part).padStart(2, '0')
  return `${two(Math.floor(minute / 60))}:${two(minute % 60)}`
}
