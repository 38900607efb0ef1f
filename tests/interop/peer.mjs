// SPDX-FileCopyrightText: 2026 The Tocsin contributors
// SPDX-License-Identifier: AGPL-3.0-or-later
//
// A peer that is not ours: an actor by Fedify. It is told what to do by lines of JSON on standard
// input, {"do": …}, and tells by lines on standard output what it was sent, {"event": …}; it ends
// with its standard input. Fedify checks every signature and makes every signature.
//
// Activities of the vocabulary that Fedify knows go out by sendActivity(). An Add of a report does
// not: Fedify would write our terms as full URIs, so its body is made here and only signed there.

import { createServer } from "node:http";
import { createInterface } from "node:readline";

globalThis.navigator ??= { userAgent: "node" };

const { createFederation, MemoryKvStore } = await import("@fedify/fedify");
const { generateCryptoKeyPair, signRequest, verifyObject } = await import("@fedify/fedify/sig");
const vocab = await import("@fedify/vocab");
const { Accept, Activity, Add, Application, Endpoints, Follow, Reject, Remove, Undo, Update } = vocab;

const NAME = "beta";
const CONTEXT = [
  "https://www.w3.org/ns/activitystreams",
  { "@vocab": "https://w3id.org/tocsin/ns#" },
];

function tell(event, more = {}) {
  process.stdout.write(JSON.stringify({ event, ...more }) + "\n");
}

const keyPairs = [
  await generateCryptoKeyPair("RSASSA-PKCS1-v1_5"),
  await generateCryptoKeyPair("Ed25519"),
];

const federation = createFederation({
  kv: new MemoryKvStore(),
  allowPrivateAddress: true,
  firstKnock: process.argv[2] ?? "rfc9421",
});

federation
  .setActorDispatcher("/actors/{identifier}", async (context, identifier) => {
    if (identifier !== NAME) return null;
    const keys = await context.getActorKeyPairs(identifier);
    return new Application({
      id: context.getActorUri(identifier),
      preferredUsername: identifier,
      name: "Interop peer",
      manuallyApprovesFollowers: true,
      inbox: context.getInboxUri(identifier),
      outbox: context.getOutboxUri(identifier),
      followers: context.getFollowersUri(identifier),
      endpoints: new Endpoints({ sharedInbox: context.getInboxUri() }),
      publicKey: keys[0].cryptographicKey,
      assertionMethods: keys.map((pair) => pair.multikey),
    });
  })
  .setKeyPairsDispatcher(() => keyPairs);
federation.setOutboxDispatcher("/actors/{identifier}/outbox", () => ({ items: [] }));
federation.setFollowersDispatcher("/actors/{identifier}/followers", () => ({ items: [] }));

// The last Follow that came, for Accept and Reject.
let followed = null;

// Fedify calls this only for what it has verified, by proof or by HTTP signature. Whether the proof
// alone would have done is asked again, because a relay's copy has nothing else.
async function received(context, activity) {
  const json = await activity.toJsonLd();
  const proven = await verifyObject(Activity, json, context).catch(() => null);
  if (activity instanceof Follow) followed = activity;
  const proofs = [];
  for await (const proof of activity.getProofs()) proofs.push(proof.verificationMethodId?.href);
  tell("received", { activity: json, proven: proven != null, proofs });
}

let inbox = federation.setInboxListeners("/actors/{identifier}/inbox", "/inbox");
for (const kind of [Follow, Accept, Reject, Undo, Add, Remove, Update]) inbox = inbox.on(kind, received);
inbox.setSharedKeyDispatcher(() => ({ identifier: NAME }));
inbox.onError((_context, error) => tell("error", { message: String(error) }));

async function toRequest(message) {
  const chunks = [];
  for await (const chunk of message) chunks.push(chunk);
  const headers = Object.entries(message.headers).map(([name, value]) => [name, String(value)]);
  const body = chunks.length > 0 ? Buffer.concat(chunks) : undefined;
  return new Request(base + message.url, { method: message.method, headers, body });
}

let base;
// The kind of signature that is answered 401, as a server does that does not know it.
let refused = null;

const server = createServer(async (message, answer) => {
  try {
    const request = await toRequest(message);
    const scheme = message.headers["signature-input"] === undefined ? "draft" : "rfc9421";
    const response =
      message.method === "POST" && scheme === refused
        ? new Response(null, { status: 401 })
        : await federation.fetch(request, { contextData: undefined });
    if (message.method === "POST") tell("answered", { status: response.status, scheme });
    answer.writeHead(response.status, Object.fromEntries(response.headers));
    answer.end(Buffer.from(await response.arrayBuffer()));
  } catch (error) {
    tell("error", { message: String(error) });
    answer.writeHead(500).end();
  }
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
base = `http://127.0.0.1:${server.address().port}`;

const context = federation.createContext(new URL(base), undefined);
const actor = context.getActorUri(NAME);
let count = 0;
const newId = (kind) => new URL(`/${kind}/${++count}`, base);

async function send(peer, activity) {
  const recipient = { id: new URL(peer.actor), inboxId: new URL(peer.inbox) };
  await context.sendActivity({ identifier: NAME }, recipient, activity);
  return { id: activity.id.href };
}

// POSTs a body as it is, signed by Fedify.
async function post(peer, body, spec) {
  const request = new Request(peer.inbox, {
    method: "POST",
    headers: { "Content-Type": "application/activity+json" },
    body: JSON.stringify(body),
  });
  const [rsa] = await context.getActorKeyPairs(NAME);
  const signed = await signRequest(request, rsa.privateKey, rsa.keyId, { spec });
  const response = await fetch(signed);
  return { status: response.status, answer: await response.text(), id: body.object.id ?? body.object };
}

const members = (kind, target) => ({
  "@context": CONTEXT,
  id: newId(kind).href,
  actor: actor.href,
  to: actor.href + "/followers",
  target: actor.href + "/reports",
  published: new Date().toISOString(),
});

function addBody({ subject, category }) {
  const head = members("activities");
  const report = {
    type: ["Object", "Report"],
    id: newId("reports").href,
    attributedTo: actor.href,
    published: head.published,
    updated: head.published,
    reportSubject: subject,
    category,
    basis: "first_hand",
    opinion: "malicious",
    confidence: 100,
    observedAt: head.published,
    lastObservedAt: head.published.replace(/:.*/, ":00:00Z"),
    endTime: new Date(Date.now() + 30 * 86400 * 1000).toISOString(),
    action: "suspended",
    sharing: "green",
  };
  return { ...head, type: "Add", object: report };
}

const removeBody = ({ report, reason }) => ({
  ...members("activities"),
  type: "Remove",
  object: report,
  summary: reason,
});

const follow = (peer, id) =>
  new Follow({ id, actor, object: new URL(peer.actor), to: new URL(peer.actor) });

const commands = {
  refuse: async (_peer, { scheme }) => {
    refused = scheme;
  },
  follow: (peer) => send(peer, follow(peer, newId("follows"))),
  unfollow: (peer, { id }) => {
    const object = follow(peer, new URL(id));
    return send(peer, new Undo({ id: newId("undos"), actor, object, to: new URL(peer.actor) }));
  },
  accept: async (peer, { whole }) => {
    let object = followed;
    if (whole) {
      // The Follow with both actors in it, as they are.
      const asking = await followed.getActor(context);
      const here = federation.createContext(new Request(actor.href), undefined);
      const asked = await here.getActor(NAME);
      object = new Follow({ id: followed.id, actor: asking, object: asked });
    }
    return send(peer, new Accept({ id: newId("accepts"), actor, object }));
  },
  add: (peer, order) => post(peer, addBody(order), order.spec),
  remove: (peer, order) => post(peer, removeBody(order), order.spec),
};

tell("ready", { actor: actor.href });
for await (const line of createInterface({ input: process.stdin })) {
  try {
    const order = JSON.parse(line);
    tell("done", { do: order.do, ...(await commands[order.do](order.peer, order)) });
  } catch (error) {
    tell("failed", { order: line, message: String(error) });
  }
}
process.exit(0);
