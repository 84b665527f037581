import type { Page } from 'playwright-core'

/** Logs in with Converse's form. */
export async function logIn(page: Page, user: string, password: string): Promise<void> {
  await page.getByLabel('XMPP Address').fill(user)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Log in' }).click()
}

/** Waits for the chat that is open with somebody. */
export async function chatWith(page: Page, name: string): Promise<void> {
  await page.locator('.chat-head', { hasText: name }).waitFor()
}

/** Types a message and waits until the other side has confirmed it. */
export async function say(page: Page, text: string): Promise<void> {
  const input = page.getByPlaceholder('Message')
  await input.fill(text)
  await input.press('Enter')
  await message(page, 'me', text).locator('.chat-msg__receipt').waitFor()
}

/** Waits until a message of the other side is to be seen. */
export async function read(page: Page, text: string): Promise<void> {
  await message(page, 'them', text).waitFor()
}

function message(page: Page, sender: 'me' | 'them', text: string) {
  return page.locator(`.chat-msg__content--${sender}`, { hasText: text })
}
