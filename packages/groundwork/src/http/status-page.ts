/**
 * The status page: networks, providers, the last epochs, and every payment with a link to its evidence.
 *
 * Pure: data in, HTML out, no script needed. The console is another program; this page works in any browser, text ones too.
 *
 * @module
 */

export interface StatusView {
  readonly name: string
  readonly block: bigint
  readonly rpc: string
  readonly networks: readonly NetworkView[]
  readonly providers: readonly ProviderView[]
  readonly epochs: readonly EpochView[]
  /** one page of them, the newest first */
  readonly payments: readonly PaymentView[]
  readonly paymentsSkipped: number
  readonly paymentCount: number
  readonly objects: readonly ObjectView[]
  /** SVG of where paid traffic was carried; undefined when none was */
  readonly coverage: string | undefined
}

export interface NetworkView {
  readonly name: string
  readonly operatorCount: number
  /** what customers have there now: data sets, or routes */
  readonly market: string
  readonly lastEpoch: string
  readonly state: string
}

export interface ProviderView {
  readonly network: string
  readonly operator: string
  readonly endpoint: string
  readonly place: string
  readonly price: string
  readonly bond: string
  readonly earned: string
  /** milliseconds of the last probe; undefined when it did not answer */
  readonly latencyMs: number | undefined
  readonly isFaulted: boolean
}

export interface EpochView {
  readonly network: string
  readonly epoch: string
  readonly state: string
  /** what the epoch adds to what all before it gave */
  readonly rebate: string
  readonly bootstrap: string
  readonly evidenceCid: string | undefined
}

export interface PaymentView {
  readonly block: string
  readonly kind: string
  readonly from: string
  readonly to: string
  readonly amount: string
  readonly tx: string
  /** what stands behind it */
  readonly evidence: { readonly text: string; readonly href: string } | undefined
}

export interface ObjectView {
  readonly cid: string
  readonly size: string
  readonly copies: number
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
const esc = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => escapes[character] ?? '')
const short = (text: string): string => (text.length > 14 ? `${text.slice(0, 8)}…${text.slice(-4)}` : text)
const mono = (text: string): string => `<code title="${esc(text)}">${esc(short(text))}</code>`

function table(heads: readonly string[], rows: readonly (readonly string[])[], none: string): string {
  if (rows.length === 0) return `<p class="none">${esc(none)}</p>`
  const head = heads.map((text) => `<th scope="col">${esc(text)}</th>`).join('')
  return `<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>${rows
    .map((row) => `<tr>${row.map((cell) => `<td>${cell}</td>`).join('')}</tr>`)
    .join('')}</tbody></table></div>`
}

/** Where in the list of payments this page is, and the ways on and out of it. */
function paymentsFoot({ payments, paymentsSkipped: skip, paymentCount: count }: StatusView): string {
  if (count === 0) return ''
  const size = Math.max(payments.length, 1)
  const links = [
    skip > 0 ? '<a href="/">newest</a>' : '',
    skip + payments.length < count ? `<a href="/?skip=${skip + size}">older</a>` : '',
    '<a href="/v1/payments?format=csv&amp;limit=1000">as CSV</a>',
    '<a href="/v1/payments?limit=1000">as JSON</a>',
  ]
  const shown = payments.length === 0 ? 'none here' : `${skip + 1} to ${skip + payments.length}`
  return `<p class="soft">${shown} of ${count} · ${links.filter((link) => link !== '').join(' · ')}</p>`
}

/** A bar as wide as the probe took, the slowest of all being full. */
function latencyBar({ latencyMs, network }: ProviderView, slowestMs: number): string {
  // A hotspot dials out: there is nothing to ask.
  if (network === 'wireless') return ''
  if (latencyMs === undefined) return '<span class="bad">no answer</span>'
  const width = Math.max(2, Math.round((latencyMs / Math.max(slowestMs, 0.1)) * 80))
  return `<svg width="84" height="10" role="img" aria-label="${latencyMs.toFixed(1)} ms"><rect width="${width}" height="10" rx="2"/></svg> ${latencyMs.toFixed(1)} ms`
}

const stateMark = (state: string): string =>
  `<span class="${state === 'finalised' ? 'good' : state === 'rejected' || state === 'lapsed' ? 'bad' : 'wait'}">${esc(state)}</span>`

const style = `
:root{color-scheme:light dark;--ink:#1c2321;--soft:#5c6b66;--line:#d9e0dc;--paper:#fbfcfa;--card:#fff;--green:#1f7a4d;--amber:#946200;--red:#b3261e}
@media (prefers-color-scheme:dark){:root{--ink:#e6ece9;--soft:#9aa8a3;--line:#2c3633;--paper:#121715;--card:#1a211e;--green:#5fc594;--amber:#e0b252;--red:#ff8a80}}
*{box-sizing:border-box}body{margin:0 auto;max-width:76rem;padding:2rem 1.25rem 4rem;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
h1{font-size:1.5rem;margin:0}h2{font-size:1rem;margin:2.2rem 0 .6rem}p{margin:.3rem 0}.soft,.none{color:var(--soft)}
.scroll{overflow-x:auto;background:var(--card);border:1px solid var(--line);border-radius:8px}table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.45rem .8rem;white-space:nowrap;border-bottom:1px solid var(--line)}tr:last-child td{border-bottom:0}th{font-weight:600;color:var(--soft);font-size:.82rem}
td{font-variant-numeric:tabular-nums}code{font:13px ui-monospace,monospace}a{color:inherit}.good{color:var(--green)}.bad{color:var(--red)}.wait{color:var(--amber)}rect{fill:var(--green)}
.map{display:block;width:100%;max-height:26rem}.map path{fill:var(--green)}.map .sure{stroke:var(--green);stroke-width:1.5}.map .scale{fill:none;stroke:var(--soft)}.map text{fill:var(--soft);font-size:11px}`

/** @returns a whole HTML page; the first one asks for itself again every five seconds */
export function statusPage(view: StatusView): string {
  const slowestMs = Math.max(0, ...view.providers.map(({ latencyMs }) => latencyMs ?? 0))
  const sections: readonly (readonly [string, string])[] = [
    [
      'Networks',
      table(
        ['network', 'operators', 'customers’', 'last epoch', 'state'],
        view.networks.map((one) => [
          esc(one.name),
          String(one.operatorCount),
          esc(one.market),
          esc(one.lastEpoch),
          stateMark(one.state),
        ]),
        'No network has started.',
      ),
    ],
    [
      'Providers',
      table(
        ['network', 'operator', 'answers in', 'earned', 'bond', 'price', 'place (H3)', 'endpoint'],
        view.providers.map((one) => [
          esc(one.network),
          mono(one.operator) + (one.isFaulted ? ' <span class="bad">faulted</span>' : ''),
          latencyBar(one, slowestMs),
          esc(one.earned),
          esc(one.bond),
          esc(one.price),
          `<code>${esc(one.place)}</code>`,
          `<code title="${esc(one.endpoint)}">${esc(one.endpoint.length > 32 ? `${one.endpoint.slice(0, 28)}…` : one.endpoint)}</code>`,
        ]),
        'Nobody has offered anything yet.',
      ),
    ],
    ...(view.coverage === undefined
      ? []
      : [
          [
            'Paid coverage',
            `<div class="scroll">${view.coverage}</div><p class="soft">Hexagons (H3, resolution 7) whose hotspots were paid by others; outlined where several owners were · <a href="/v1/wireless/coverage">as GeoJSON</a></p>`,
          ] as const,
        ]),
    [
      'Last epochs',
      table(
        ['network', 'epoch', 'state', 'rebates added', 'bootstrap added', 'evidence'],
        view.epochs.map((one) => [
          esc(one.network),
          esc(one.epoch),
          stateMark(one.state),
          esc(one.rebate),
          esc(one.bootstrap),
          one.evidenceCid === undefined
            ? ''
            : `<a href="/v1/evidence/${esc(one.evidenceCid)}">${mono(one.evidenceCid)}</a>`,
        ]),
        'No epoch has been posted yet.',
      ),
    ],
    [
      'Payments',
      table(
        ['block', 'what', 'from', 'to', 'amount', 'transaction', 'evidence'],
        view.payments.map((one) => [
          esc(one.block),
          esc(one.kind),
          mono(one.from),
          mono(one.to),
          esc(one.amount),
          `<a href="/v1/transactions/${esc(one.tx)}">${mono(one.tx)}</a>`,
          one.evidence === undefined ? '' : `<a href="${esc(one.evidence.href)}">${esc(one.evidence.text)}</a>`,
        ]),
        'Nobody has been paid yet: no proof, no pay.',
      ) + paymentsFoot(view),
    ],
    [
      'Stored for this gateway’s customer',
      table(
        ['CID', 'size', 'copies'],
        view.objects.map((one) => [
          `<a href="/v1/storage/objects/${esc(one.cid)}">${mono(one.cid)}</a>`,
          esc(one.size),
          String(one.copies),
        ]),
        'Nothing is stored.',
      ),
    ],
  ]
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><link rel="icon" href="data:,">${view.paymentsSkipped === 0 ? '<meta http-equiv="refresh" content="5">' : ''}<title>Groundwork: ${esc(view.name)}</title><style>${style}</style></head><body><header><h1>Groundwork</h1><p class="soft">${esc(view.name)} · block ${view.block} · chain at <code>${esc(view.rpc)}</code> · <a href="/v1/openapi.json">API</a></p></header>${sections.map(([title, body]) => `<section><h2>${esc(title)}</h2>${body}</section>`).join('')}</body></html>`
}
