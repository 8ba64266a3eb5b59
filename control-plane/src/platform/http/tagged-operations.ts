/** Which operations say ETags, and of what (ADR 0050). Read by what makes the OpenAPI document too, so without the edge's classes. */
import { ENDPOINTS, showsOne, type Endpoint } from '@casare/shared/api';

/** The operation that shows what `endpoint` changes, where that takes `If-Match`. */
export function shownBy({ ifMatch }: Endpoint): Endpoint | undefined {
  return ifMatch === undefined ? undefined : ENDPOINTS.find(({ id }) => id === ifMatch);
}

/** The same, where the update answers with the thing as it has left it. */
export function leavesShown(endpoint: Endpoint): Endpoint | undefined {
  const get = shownBy(endpoint);
  if (get === undefined || typeof get.answer !== 'object' || typeof endpoint.answer !== 'object') return undefined;
  return endpoint.answer.json === get.answer.json ? get : undefined;
}

/** Whether its answers say a tag. */
export function saysTag(endpoint: Endpoint): boolean {
  return showsOne(endpoint) || leavesShown(endpoint) !== undefined;
}
