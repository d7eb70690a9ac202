"""The topics of the project ``globex``, a shop that ships abroad."""

from __future__ import annotations

from reinfer_pandas.sandbox.topics import Topic

TOPICS: tuple[Topic, ...] = (
    Topic(
        label="Order > Status",
        share=0.3,
        sentiment=0.0,
        subjects={
            "en": ("Order {order}", "Where is my parcel?"),
            "de": ("Bestellung {order}", "Wo bleibt mein Paket?"),
            "fr": ("Commande {order}",),
            "es": ("Pedido {order}",),
            "ja": ("ご注文 {order} について",),
            "ar": ("الطلب {order}",),
        },
        lines={
            "en": (
                "When will {order} arrive? The tracking {tracking} has not moved since {date}.",
            ),
            "de": (
                "wann kommt {order} an? Die Sendung {tracking} steht seit {date} still.",
                "ich warte auf {order} 📦. Können Sie mir den Liefertermin nennen?",
            ),
            "fr": ("Quand la commande {order} arrivera-t-elle ? Suivi : {tracking}.",),
            "es": ("¿Cuándo llega el pedido {order}? Seguimiento {tracking}.",),
            "ja": ("{order} はいつ届きますか📦。追跡番号は {tracking} です。",),
            "ar": ("متى يصل الطلب {order}؟ رقم التتبع {tracking}.",),
        },
    ),
    Topic(
        label="Order > Cancel",
        share=0.15,
        sentiment=-0.2,
        subjects={
            "en": ("Cancel order {order}",),
            "de": ("Stornierung {order}",),
            "fr": ("Annuler {order}",),
            "es": ("Cancelar {order}",),
            "ja": ("{order} のキャンセル",),
            "ar": ("إلغاء {order}",),
        },
        lines={
            "en": ("Please cancel order {order} before {date} and refund {money}.",),
            "de": (
                "bitte stornieren Sie {order} vor dem {date}.",
                "ich habe mich vertan 🙈, bitte {order} stornieren und {money} erstatten.",
            ),
            "fr": ("Merci d'annuler {order} et de rembourser {money}.",),
            "es": ("Cancelen {order} y devuelvan {money}, por favor.",),
            "ja": ("{order} をキャンセルし、{money} を返金してください。",),
            "ar": ("أرجو إلغاء {order} ورد {money}.",),
        },
    ),
    Topic(
        label="Order > Damaged",
        share=0.15,
        sentiment=-0.7,
        growth=0.6,
        subjects={
            "en": ("Arrived broken: {order}",),
            "de": ("Beschädigt angekommen: {order}",),
            "fr": ("Colis abîmé {order}",),
            "es": ("Llegó roto {order}",),
            "ja": ("破損 {order}",),
            "ar": ("وصل مكسورًا {order}",),
        },
        lines={
            "en": ("The glass in {order} arrived in pieces 💔. I paid {money} for it.",),
            "de": ("das Glas aus {order} kam zerbrochen an 💔. Bezahlt habe ich {money}.",),
            "fr": ("Le colis {order} est arrivé cassé 💔. Je demande {money}.",),
            "es": ("El pedido {order} llegó roto 💔. Pagué {money}.",),
            "ja": ("{order} の商品が割れていました💔。代金は {money} です。",),
            "ar": ("وصل الطلب {order} مكسورًا 💔. دفعت {money}.",),
        },
    ),
    Topic(
        label="Return > Refund",
        share=0.2,
        sentiment=-0.3,
        growth=1.5,
        subjects={
            "en": ("Refund for {order}",),
            "de": ("Erstattung {order}",),
            "fr": ("Remboursement {order}",),
            "es": ("Reembolso {order}",),
            "ja": ("{order} の返金",),
            "ar": ("استرداد {order}",),
        },
        lines={
            "en": ("I sent {order} back on {date}. Where is my refund of {money}?",),
            "de": ("{order} ging am {date} zurück. Wann kommen die {money}?",),
            "fr": ("J'ai renvoyé {order} le {date}. Où sont mes {money} ?",),
            "es": ("Devolví {order} el {date}. ¿Y mis {money}?",),
            "ja": ("{date} に {order} を返品しました。{money} の返金はいつですか。",),
            "ar": ("أعدت {order} في {date}. أين مبلغ {money}؟",),
        },
    ),
    Topic(
        label="Return > Label",
        share=0.1,
        sentiment=0.1,
        subjects={
            "en": ("Return label, {order}",),
            "de": ("Retourenschein {order}",),
            "fr": ("Étiquette de retour {order}",),
            "es": ("Etiqueta de devolución {order}",),
            "ja": ("返品ラベル {order}",),
            "ar": ("ملصق الإرجاع {order}",),
        },
        lines={
            "en": ("Please send me a return label for {order}; the old one ended on {date}.",),
            "de": ("bitte senden Sie mir einen Retourenschein für {order}.",),
            "fr": ("Merci de m'envoyer une étiquette de retour pour {order}.",),
            "es": ("Envíenme una etiqueta de devolución para {order}.",),
            "ja": ("{order} の返品ラベルを送ってください。",),
            "ar": ("أرسلوا لي ملصق إرجاع للطلب {order}.",),
        },
    ),
    Topic(
        label="Praise",
        share=0.1,
        sentiment=0.9,
        subjects={
            "en": ("Thank you!",),
            "de": ("Danke!",),
            "fr": ("Merci !",),
            "es": ("¡Gracias!",),
            "ja": ("ありがとうございました",),
            "ar": ("شكرًا لكم",),
        },
        lines={
            "en": ("{order} came a day early and is lovely 🥰. I will be back.",),
            "de": ("{order} kam schon am {date} und ist wunderbar 🥰.",),
            "fr": ("{order} est arrivé en avance, c'est parfait 🥰.",),
            "es": ("{order} llegó antes de tiempo y es precioso 🥰.",),
            "ja": ("{order} が予定より早く届きました🥰。",),
            "ar": ("وصل {order} قبل موعده وهو رائع 🥰.",),
        },
    ),
)
