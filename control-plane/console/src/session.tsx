/**
 * Who is signed in. Every page below `SessionProvider` gets the API through `useSession`.
 *
 * Invariant: a sign-in code is removed from the address bar before it is sent, so it is in no history and no
 * screenshot, and it is used once; so is what a sign-in provider sends the browser back with.
 */
import type { LoginRequest, Me, RolePermission } from '@casare/shared/api';
import { createContext, useCallback, useContext, useEffect, useMemo, useState, type ReactNode } from 'react';
import { api as endpoints } from '@casare/shared/client';
import { Api } from './api.ts';
import { leaveFor } from './leave-for.ts';
import { HOME, navigate, routeOf } from './router.tsx';

export type SessionState =
  | { readonly is: 'looking' }
  | { readonly is: 'out'; readonly error: unknown }
  | { readonly is: 'in'; readonly me: Me }
  /** It cannot be told who is signed in. */
  | { readonly is: 'unknown'; readonly error: unknown };

export interface Session {
  readonly state: SessionState;
  readonly api: Api;
  /** Whether who is signed in may do that; what one may not is not offered. */
  readonly may: (permission: RolePermission) => boolean;
  readonly signIn: (request: LoginRequest) => Promise<void>;
  /** Sets the password of an invitation and signs in. */
  readonly accept: (token: string, password: string) => Promise<void>;
  /** Goes to a sign-in provider. */
  readonly signOn: (provider: string) => Promise<void>;
  readonly signOut: () => Promise<void>;
  /** Asks again who is signed in. */
  readonly look: () => void;
}

const SessionContext = createContext<Session | null>(null);
const codeAtStart = takeCode();
const answerAtStart = takeAnswer();

export function SessionProvider({ children }: { children: ReactNode }) {
  const [state, setState] = useState<SessionState>({ is: 'looking' });
  const [api] = useState(() => new Api(() => setState({ is: 'out', error: new SessionEnded() })));

  const enter = useCallback((me: Me) => {
    if (/^login/.test(routeOf(location.pathname).page)) navigate(HOME, { replace: true });
    setState({ is: 'in', me });
  }, []);
  const look = useCallback(() => {
    setState({ is: 'looking' });
    api.whoIsIt().then(
      (me) => (me === null ? setState({ is: 'out', error: null }) : enter(me)),
      (error: unknown) => setState({ is: 'unknown', error }),
    );
  }, [api, enter]);
  const enterByCode = useCallback(
    (code: string) => {
      setState({ is: 'looking' });
      api.signIn({ code }).then(enter, (error: unknown) => setState({ is: 'out', error }));
    },
    [api, enter],
  );
  const enterByAnswer = useCallback(
    (query: string) => {
      setState({ is: 'looking' });
      api.completeSignOn(query).then(enter, (error: unknown) => setState({ is: 'out', error }));
    },
    [api, enter],
  );
  useEffect(
    () =>
      startOnce(() => {
        if (codeAtStart !== null) enterByCode(codeAtStart);
        else if (answerAtStart !== null) enterByAnswer(answerAtStart);
        else look();
      }),
    [look, enterByCode, enterByAnswer],
  );
  useEffect(() => {
    // A second link opened in this tab changes the fragment only: the page is not loaded again.
    const onHash = () => {
      const code = takeCode();
      if (code !== null) enterByCode(code);
    };
    addEventListener('hashchange', onHash);
    return () => removeEventListener('hashchange', onHash);
  }, [enterByCode]);

  const session = useMemo<Session>(
    () => ({
      state,
      api,
      look,
      may: (permission) => state.is === 'in' && state.me.permissions.includes(permission),
      signIn: async (request) => enter(await api.signIn(request)),
      accept: async (token, password) => {
        const me = await api.acceptInvitation(token, password);
        navigate(HOME, { replace: true });
        enter(me);
      },
      signOn: async (provider) => leaveFor((await api.call(endpoints.signOn.begin, { body: { provider } })).url),
      signOut: async () => {
        const { url } = await api.call(endpoints.signOn.leave);
        if (url !== null) {
          leaveFor(url);
          return;
        }
        navigate({ page: 'login' });
        setState({ is: 'out', error: null });
      },
    }),
    [state, api, look, enter],
  );
  return <SessionContext value={session}>{children}</SessionContext>;
}

/** The session of the page. */
export function useSession(): Session {
  return useContext(SessionContext)!;
}

/** Shown above the form when a session ended under somebody's hands. */
class SessionEnded extends Error {
  override readonly message = 'Your session has ended. Sign in to go on where you were.';
}

let started = false;
/** React's strict mode runs effects twice; a code is good for one use. */
function startOnce(start: () => void): void {
  if (!started) start();
  started = true;
}

/** The code of `/login#code=…`, after taking it out of the address bar. */
function takeCode(): string | null {
  if (routeOf(location.pathname).page !== 'login') return null;
  const code = new URLSearchParams(location.hash.slice(1)).get('code');
  if (location.hash !== '') history.replaceState(null, '', location.pathname);
  return code === '' ? null : code;
}

/** What stands behind `?` of `/login/callback`, after taking it out of the address bar. */
function takeAnswer(): string | null {
  if (routeOf(location.pathname).page !== 'login-callback') return null;
  const query = location.search;
  history.replaceState(null, '', '/login');
  return query === '' ? null : query;
}
