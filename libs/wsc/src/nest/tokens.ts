/** What was given to `WscModule.forRoot`. */
export const wscOptionsToken = Symbol('wsc:options');
