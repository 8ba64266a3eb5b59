/** What alerts are about, as people say it. Pure. */
import type { AlertChannel, AlertKind, AlertRule } from '@casare/shared/api';

export const KIND_WORDS: Readonly<Record<AlertKind, string>> = {
  'job.failed': 'A job failed',
  'job.needs_review': 'A job waits for a person',
  'agent.offline': 'An agent is offline',
  'certificate.expiring': 'A certificate ends soon',
};

/** `A job failed, of acme/report`. */
export function aboutWords({ kind, workflow, minutes, days }: AlertRule): string {
  if (minutes !== null) return `${KIND_WORDS[kind]} for ${minutes} min`;
  if (days !== null) return `${KIND_WORDS[kind]}: within ${days} days`;
  return `${KIND_WORDS[kind]}, of ${workflow ?? 'every workflow'}`;
}

/** The name of a channel; one that is removed has none. */
export function channelName(id: string, channels: readonly AlertChannel[]): string {
  return channels.find((channel) => channel.id === id)?.name ?? 'a removed channel';
}

/** The job that an alert is about, if it is about one. */
export function jobOf(cause: string): string | null {
  return /^job:([0-9a-f-]{36})$/.exec(cause)?.[1] ?? null;
}
