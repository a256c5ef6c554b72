/** An answer of the gateway's HTTP API. */
export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

export interface ApiCall {
  readonly method?: string;
  readonly token?: string | undefined;
  readonly body?: unknown;
  /** Sent as it is, instead of `body`. */
  readonly raw?: string;
  /** Of the body. @default 'application/json' */
  readonly contentType?: string;
}

/** Calls the gateway as any service would. */
export async function callApi(
  url: string,
  path: string,
  { method, token, body, raw, contentType = 'application/json' }: ApiCall = {},
): Promise<ApiAnswer> {
  const content = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  const response = await fetch(url + path, {
    method: method ?? (content === undefined ? 'GET' : 'POST'),
    headers: {
      ...(token !== undefined && { Authorization: `Bearer ${token}` }),
      ...(content !== undefined && { 'Content-Type': contentType }),
    },
    ...(content !== undefined && { body: content }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') === true;
  return { status: response.status, headers: response.headers, body: isJson ? (JSON.parse(text) as unknown) : text };
}

/** A token from the demo login. */
export async function logIn(url: string, userId: string, userType = 'customer'): Promise<string> {
  const { body } = await callApi(url, '/auth/login', { body: { user_id: userId, user_type: userType } });
  return (body as { token: string }).token;
}
