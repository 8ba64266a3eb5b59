/** Numbers as people read them in plots and tables. */
import { rounded } from '../frame/report.ts';

/** Three figures; whole and grouped from 1,000 on. */
export function said(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return '-';
  return rounded(value).toLocaleString('en-US', { maximumFractionDigits: 8 });
}
