/**
 * Which page the address names, over the history API. A route is data; `hrefOf` and `routeOf` are each other's inverse.
 */
import { DeadReason, JobState } from '@casare/shared/api';
import { useMemo, useSyncExternalStore, type MouseEvent, type ReactNode } from 'react';

/** A page of the console. */
export type Route =
  | { readonly page: 'jobs'; readonly state: JobState | null }
  | { readonly page: 'job'; readonly id: string }
  | { readonly page: 'dead-letters'; readonly reason: DeadReason | null }
  /** Any text: what is no state is none. */
  | { readonly page: 'agents'; readonly state: string | null }
  | { readonly page: 'agent'; readonly id: string }
  | { readonly page: 'schedules' }
  | { readonly page: 'schedule'; readonly id: string }
  | { readonly page: 'new-schedule' }
  | { readonly page: 'alerts' }
  | { readonly page: 'secrets' }
  | { readonly page: 'secret'; readonly name: string }
  | { readonly page: 'new-secret' }
  | { readonly page: 'tenants' }
  | { readonly page: 'tenant'; readonly tenant: string }
  | { readonly page: 'new-tenant' }
  | { readonly page: 'own-tenant' }
  | { readonly page: 'maintenance' }
  | { readonly page: 'account' }
  | { readonly page: 'people' }
  | { readonly page: 'providers' }
  | { readonly page: 'join-tokens' }
  | { readonly page: 'login' }
  /** Where a sign-in provider sends the browser back to. */
  | { readonly page: 'login-callback' }
  | { readonly page: 'invitation' }
  | { readonly page: 'unknown' };

export const HOME: Route = { page: 'jobs', state: null };

/** The route of an address such as `/jobs/0198…` or `/?state=failed`. */
export function routeOf(address: string): Route {
  const { pathname, searchParams } = new URL(address, 'http://console');
  if (pathname === '/') return { page: 'jobs', state: JobState.safeParse(searchParams.get('state')).data ?? null };
  if (pathname === '/dead-letters') {
    return { page: 'dead-letters', reason: DeadReason.safeParse(searchParams.get('reason')).data ?? null };
  }
  if (pathname === '/agents') return { page: 'agents', state: searchParams.get('state') };
  const plain = Object.entries(PLAIN).find(([, path]) => path === pathname)?.[0] as PlainPage | undefined;
  if (plain !== undefined) return { page: plain };
  const [, name] = /^\/secrets\/([A-Za-z0-9][\w.-]{0,99})$/.exec(pathname) ?? [];
  if (name !== undefined) return { page: 'secret', name };
  const [, tenant] = /^\/tenants\/([a-z0-9][a-z0-9-]{0,39})$/.exec(pathname) ?? [];
  if (tenant !== undefined) return { page: 'tenant', tenant };
  const [, kind, id] = /^\/(jobs|schedules|agents)\/([0-9a-fA-F-]{36})$/.exec(pathname) ?? [];
  if (kind === undefined || id === undefined) return { page: 'unknown' };
  return { page: ONE[kind as keyof typeof ONE], id };
}

const ONE = { jobs: 'job', schedules: 'schedule', agents: 'agent' } as const;

type PlainPage = Exclude<
  Route,
  | { readonly id: string }
  | { readonly name: string }
  | { readonly tenant: string }
  | { readonly page: 'jobs' | 'dead-letters' | 'agents' | 'unknown' }
>['page'];

/** Pages whose address says nothing but which page it is. */
const PLAIN: Readonly<Record<PlainPage, string>> = {
  schedules: '/schedules',
  'new-schedule': '/schedules/new',
  alerts: '/alerts',
  secrets: '/secrets',
  'new-secret': '/new-secret',
  tenants: '/tenants',
  'new-tenant': '/new-tenant',
  'own-tenant': '/tenant',
  maintenance: '/maintenance',
  account: '/account',
  people: '/people',
  'join-tokens': '/join-tokens',
  providers: '/identity-providers',
  login: '/login',
  'login-callback': '/login/callback',
  invitation: '/invitation',
};

/** The address of a route. */
export function hrefOf(route: Route): string {
  switch (route.page) {
    case 'jobs':
      return route.state === null ? '/' : `/?state=${route.state}`;
    case 'job':
      return `/jobs/${route.id}`;
    case 'dead-letters':
      return route.reason === null ? '/dead-letters' : `/dead-letters?reason=${route.reason}`;
    case 'agents':
      return route.state === null ? '/agents' : `/agents?state=${encodeURIComponent(route.state)}`;
    case 'agent':
      return `/agents/${route.id}`;
    case 'schedule':
      return `/schedules/${route.id}`;
    case 'secret':
      return `/secrets/${route.name}`;
    case 'tenant':
      return `/tenants/${route.tenant}`;
    case 'unknown':
      return '/';
    default:
      return PLAIN[route.page];
  }
}

/** Goes to a page; `replace` leaves no trace of the page before. */
export function navigate(route: Route, { replace = false } = {}): void {
  const href = hrefOf(route);
  if (replace) history.replaceState(null, '', href);
  else history.pushState(null, '', href);
  if (!replace) scrollTo(0, 0);
  dispatchEvent(new PopStateEvent('popstate'));
}

export function useRoute(): Route {
  const address = useSyncExternalStore(subscribe, addressNow);
  return useMemo(() => routeOf(address), [address]);
}

/** A link that changes the page without loading the console again; new tabs and downloads work as everywhere. */
export function Link({
  to,
  children,
  ...rest
}: {
  to: Route;
  children: ReactNode;
  className?: string;
  'aria-current'?: 'page' | undefined;
}) {
  const follow = (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    navigate(to);
  };
  return (
    <a href={hrefOf(to)} onClick={follow} {...rest}>
      {children}
    </a>
  );
}

function subscribe(changed: () => void): () => void {
  addEventListener('popstate', changed);
  return () => removeEventListener('popstate', changed);
}

function addressNow(): string {
  return location.pathname + location.search;
}
