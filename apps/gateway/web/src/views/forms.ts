/** The text fields of a submitted form, by name; the browser does not send it anywhere. */
export function readForm(event: SubmitEvent): Readonly<Record<string, string | undefined>> {
  event.preventDefault();
  const { target } = event;
  if (!(target instanceof HTMLFormElement)) return {};
  const texts = [...new FormData(target)].filter((pair): pair is [string, string] => typeof pair[1] === 'string');
  return Object.fromEntries(texts);
}

/** Empties a form after what it held was used. */
export function resetForm(event: SubmitEvent): void {
  if (event.target instanceof HTMLFormElement) event.target.reset();
}
