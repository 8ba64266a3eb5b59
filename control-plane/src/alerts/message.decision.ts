/** What is said of an alert. Pure. */
import type { AlertKind } from '@casare/shared/api';

/** What there is to say. */
export interface Told {
  readonly about: 'raised' | 'cleared' | 'test';
  readonly alert: string;
  readonly rule: string;
  readonly kind: AlertKind | null;
  readonly cause: string;
  readonly title: string;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly tenant: string;
  readonly at: string;
}

/** One line: names come from agents and documents. */
const plain = (text: string): string => text.replaceAll(/[\p{C}\u2028\u2029]+/gu, ' ').trim();

export function letterOf(told: Told, webUrl: string): { readonly subject: string; readonly text: string } {
  const { about, title, rule, tenant, at, detail } = told;
  const subject = plain(`${about === 'cleared' ? 'Over: ' : ''}${title}`);
  const facts = Object.entries(detail)
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([name, value]) => `${name}: ${plain(typeof value === 'string' ? value : JSON.stringify(value))}`);
  const link = typeof detail['job'] === 'string' ? [`${webUrl}/jobs/${detail['job']}`] : [];
  const lines = [subject, '', ...facts, `since: ${at}`, ...link, '', `By the rule "${plain(rule)}" of ${tenant}.`];
  return { subject: `[Casare] ${subject}`, text: lines.join('\n') };
}

/** The body of a webhook. */
export function bodyOf({ about, at, ...data }: Told): string {
  return JSON.stringify({ type: `alert.${about}`, timestamp: at, data });
}
