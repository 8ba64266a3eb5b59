/** What went wrong with a database, as a document sees it. */
import { StepFailure } from '../../engine/index.ts';
import { codeOf, describe } from '../../fault.ts';
import { isCertificateFault } from '../server-trust.ts';
import type { DatabaseAddress } from './database.ts';

/** @param inDoubt whether a COMMIT was on its way */
export function databaseFailure(error: unknown, { connection, port }: DatabaseAddress, inDoubt: boolean): StepFailure {
  if (error instanceof StepFailure) return error;
  const code = codeOf(error);
  // Five characters of SQL's own: the server answered. MySQL's come in `sqlState`.
  const { sqlState } = error as { readonly sqlState?: string };
  const state = sqlState ?? (/^[0-9A-Z]{5}$/.test(code) && !code.startsWith('E') ? code : '');
  const { advice, ...what } = explained(state, code, inDoubt && state === '');
  return new StepFailure({
    ...what,
    detail: `${connection.host}:${port}: ${describe(error).slice(0, 500)}${state === '' ? '' : ` (${state})`}: ${advice}.`,
    certain: !inDoubt || state !== '',
  });
}

interface Explained {
  readonly type: string;
  readonly status?: number;
  readonly code: string;
  readonly title: string;
  readonly advice: string;
}

function explained(state: string, code: string, inDoubt: boolean): Explained {
  if (inDoubt) {
    const title = 'The connection broke while the transaction was committed';
    return {
      type: 'communication',
      status: 502,
      code: 'DB_IN_DOUBT',
      title,
      advice: 'look at the data before it is repeated',
    };
  }
  if (state === '25006' || code === 'ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION') {
    const title = 'The statement would change something';
    return { type: 'authorization', code: 'DB_READ_ONLY', title, advice: 'db.query only reads, use db.execute' };
  }
  if (state.startsWith('28')) {
    const title = 'The database refused the login';
    return { type: 'authentication', code: 'DB_LOGIN_REFUSED', title, advice: 'check `user` and `password`' };
  }
  if (state === '57014' || state === '70100' || code === 'ER_QUERY_TIMEOUT' || code === 'ER_STATEMENT_TIMEOUT') {
    const title = 'The statement took too long';
    return {
      type: 'timeout',
      code: 'DB_TIMEOUT',
      title,
      advice: 'it was stopped; make it faster or raise the timeout',
    };
  }
  if (state.startsWith('40') || code === 'ER_LOCK_WAIT_TIMEOUT') {
    const title = 'The transaction met another one';
    return {
      type: 'runtime',
      status: 409,
      code: 'DB_CONFLICT',
      title,
      advice: 'it was rolled back and may be tried again',
    };
  }
  if (state.startsWith('23')) {
    const title = 'A rule of the database refused the change';
    return { type: 'validation', status: 409, code: 'DB_CONSTRAINT', title, advice: 'nothing was changed' };
  }
  if (state !== '' && !state.startsWith('08')) {
    const title = 'The database refused the statement';
    return { type: 'runtime', status: 422, code: 'DB_STATEMENT_REFUSED', title, advice: 'nothing was changed' };
  }
  if (isCertificateFault(code) || code === 'HANDSHAKE_SSL_ERROR' || code === 'HANDSHAKE_NO_SSL_SUPPORT') {
    const title = 'The database server could not be verified';
    return {
      type: 'communication',
      status: 502,
      code: 'DB_TLS',
      title,
      advice: 'check `security`, or give its `authorities`',
    };
  }
  const title = 'The database cannot be reached';
  return {
    type: 'communication',
    status: 503,
    code: 'DB_UNREACHABLE',
    title,
    advice: 'check `host`, `port` and `security`',
  };
}
