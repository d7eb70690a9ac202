"""The topics of the project ``acme``, an insurer."""

from __future__ import annotations

from reinfer_pandas.sandbox.topics import Topic

TOPICS: tuple[Topic, ...] = (
    Topic(
        label="Claim > Status",
        share=0.2,
        sentiment=-0.1,
        subjects={
            "en": ("Claim {claim}", "Update on claim {claim}?", "Where is my claim?"),
            "de": ("Stand der Schadensmeldung {claim}",),
            "fr": ("Suivi du sinistre {claim}",),
            "es": ("Estado del siniestro {claim}",),
            "ja": ("請求 {claim} の状況について",),
            "ar": ("متابعة المطالبة {claim}",),
        },
        lines={
            "en": (
                "Could you tell me where claim {claim} stands? I sent everything on {date}.",
                "I reported the damage on {date} under {claim}. What happens next?",
                "Any news on {claim} 🤔? The garage needs an answer before they start.",
            ),
            "de": ("wie ist der Stand zu {claim}? Die Unterlagen habe ich am {date} geschickt.",),
            "fr": ("Où en est le dossier {claim} ? J'ai tout envoyé le {date}.",),
            "es": ("¿Cómo va el siniestro {claim}? Envié todo el {date}.",),
            "ja": ("{claim} の進捗を教えていただけますか。書類は {date} に送付しました。",),
            "ar": ("ما وضع المطالبة {claim}؟ أرسلت كل الأوراق في {date}.",),
        },
    ),
    Topic(
        label="Claim > Damage > Water",
        share=0.09,
        sentiment=-0.3,
        subjects={
            "en": ("Burst pipe, policy {policy}", "Water damage 💧 in the kitchen"),
            "de": ("Wasserschaden 💧 {policy}",),
            "fr": ("Dégât des eaux 💧 {policy}",),
            "es": ("Daños por agua {policy}",),
            "ja": ("水漏れ被害 {policy}",),
            "ar": ("أضرار مياه {policy}",),
        },
        lines={
            "en": (
                "A pipe burst 💧 on {date} and the floor is ruined. The plumber charged {money}.",
                "There is water in the cellar since {date}. My policy is {policy}; do I wait?",
            ),
            "de": ("seit {date} steht der Keller unter Wasser 💧. Der Klempner verlangt {money}.",),
            "fr": ("Une fuite a inondé la cuisine le {date}. Le devis s'élève à {money}.",),
            "es": ("El {date} reventó una tubería 💧. El fontanero pide {money}.",),
            "ja": ("{date} に水道管が破裂し💧、修理費は {money} でした。",),
            "ar": ("انفجر أنبوب المياه في {date} وبلغت كلفة الإصلاح {money}.",),
        },
    ),
    Topic(
        label="Claim > Damage > Storm",
        share=0.08,
        sentiment=-0.3,
        subjects={
            "en": ("Storm damage to the roof", "Roof tiles gone, {policy}"),
            "de": ("Sturmschaden am Dach {policy}",),
            "fr": ("Toiture abîmée par la tempête",),
            "es": ("Daños por la tormenta",),
            "ja": ("台風被害の件 {policy}",),
            "ar": ("أضرار العاصفة {policy}",),
        },
        lines={
            "en": (
                "Last night's storm 🌪️ took part of the roof. The roofer estimates {money}.",
                "The storm of {date} broke two windows; photos are attached. Policy {policy}.",
            ),
            "de": ("der Sturm 🌪️ am {date} hat Ziegel gelöst. Kostenvoranschlag: {money}.",),
            "fr": ("La tempête du {date} a emporté des tuiles. Devis : {money}.",),
            "es": ("La tormenta del {date} rompió dos ventanas. Presupuesto: {money}.",),
            "ja": ("{date} の台風🌀で屋根が破損しました。見積もりは {money} です。",),
            "ar": ("حطمت عاصفة {date} نافذتين. التقدير {money}.",),
        },
    ),
    Topic(
        label="Claim > Document",
        share=0.14,
        sentiment=0.1,
        subjects={
            "en": ("Documents for {claim}", "Invoice and photos, {claim}"),
            "de": ("Unterlagen zu {claim}",),
            "fr": ("Pièces pour {claim}",),
            "es": ("Documentación de {claim}",),
            "ja": ("{claim} の書類送付",),
            "ar": ("مستندات {claim}",),
        },
        lines={
            "en": (
                "Please find attached the invoice of {money} for {claim}.",
                "Here are the photos you asked for 📷, dated {date}. Claim {claim}.",
            ),
            "de": ("anbei die Rechnung über {money} zu {claim}.",),
            "fr": ("Ci-joint la facture de {money} pour {claim}.",),
            "es": ("Adjunto la factura de {money} de {claim}.",),
            "ja": ("{claim} の請求書 {money} を添付いたします📎。",),
            "ar": ("مرفق فاتورة بقيمة {money} للمطالبة {claim}.",),
        },
    ),
    Topic(
        label="Payment > Late payout",
        share=0.06,
        growth=4.0,
        sentiment=-0.6,
        subjects={
            "en": (
                "Still no payout for {claim}",
                "Payment of {money} overdue",
                "Where is my money?",
            ),
            "de": ("Auszahlung {claim} überfällig",),
            "fr": ("Indemnité {claim} en retard",),
            "es": ("Pago pendiente {claim}",),
            "ja": ("{claim} の支払い遅延",),
            "ar": ("تأخر دفع التعويض {claim}",),
        },
        lines={
            "en": (
                "You agreed {money} for {claim} and promised it by {date}. Nothing has arrived.",
                "My account shows no payment 😡. {claim} was approved weeks ago.",
                "The payout of {money} was due on {date}. Please tell me when it will be paid.",
            ),
            "de": ("die zugesagten {money} zu {claim} sind seit {date} nicht eingegangen 😡.",),
            "fr": (
                "Les {money} promis pour {claim} ne sont toujours pas arrivés depuis le {date}.",
            ),
            "es": ("Los {money} de {claim} debían llegar el {date} y no hay nada en mi cuenta.",),
            "ja": ("{claim} の保険金 {money} が {date} を過ぎても入金されていません😠。",),
            "ar": ("لم يصل مبلغ {money} الخاص بالمطالبة {claim} الموعود في {date} 😡.",),
        },
    ),
    Topic(
        label="Payment > Wrong amount",
        share=0.08,
        sentiment=-0.4,
        subjects={
            "en": ("Wrong amount on {claim}", "Premium charged twice"),
            "de": ("Falscher Betrag {claim}",),
            "fr": ("Montant erroné {claim}",),
            "es": ("Importe incorrecto {claim}",),
            "ja": ("金額の誤り {claim}",),
            "ar": ("مبلغ غير صحيح {claim}",),
        },
        lines={
            "en": (
                "You paid {money} for {claim}, but the invoice says more. Please check.",
                "On {date} you took {money} from my account twice 💳💳. Policy {policy}.",
            ),
            "de": ("am {date} wurden {money} doppelt abgebucht 💳. Vertrag {policy}.",),
            "fr": ("Le {date}, {money} ont été prélevés deux fois. Contrat {policy}.",),
            "es": ("El {date} me cobraron {money} dos veces. Póliza {policy}.",),
            "ja": ("{date} に {money} が二重に引き落とされました。証券番号 {policy}。",),
            "ar": ("خُصم مبلغ {money} مرتين في {date}. الوثيقة {policy}.",),
        },
    ),
    Topic(
        label="Policy > Cancellation",
        share=0.1,
        sentiment=-0.2,
        subjects={
            "en": ("Cancel policy {policy}", "Cancellation"),
            "de": ("Kündigung {policy}",),
            "fr": ("Résiliation {policy}",),
            "es": ("Baja de la póliza {policy}",),
            "ja": ("{policy} の解約",),
            "ar": ("إلغاء الوثيقة {policy}",),
        },
        lines={
            "en": (
                "Please cancel {policy} as of {date} and confirm in writing.",
                "I sold the car 🚗, so I no longer need {policy}. Please refund {money}.",
            ),
            "de": ("hiermit kündige ich {policy} zum {date}. Bitte bestätigen Sie.",),
            "fr": ("Merci de résilier {policy} à compter du {date}.",),
            "es": ("Solicito la baja de {policy} desde el {date}.",),
            "ja": ("{date} 付で {policy} を解約したく存じます。",),
            "ar": ("أرجو إلغاء {policy} اعتبارًا من {date}.",),
        },
    ),
    Topic(
        label="Policy > Renewal",
        share=0.13,
        sentiment=0.0,
        subjects={
            "en": ("Renewal of {policy}", "Quote for next year"),
            "de": ("Verlängerung {policy}",),
            "fr": ("Renouvellement {policy}",),
            "es": ("Renovación {policy}",),
            "ja": ("{policy} の更新",),
            "ar": ("تجديد {policy}",),
        },
        lines={
            "en": (
                "Your renewal offer of {money} for {policy} is higher than last year. Why?",
                "I would like to renew {policy} from {date} on the same terms.",
            ),
            "de": ("ich möchte {policy} ab {date} zu gleichen Bedingungen verlängern.",),
            "fr": ("Je souhaite renouveler {policy} à partir du {date}.",),
            "es": ("Quiero renovar {policy} a partir del {date}.",),
            "ja": ("{policy} を {date} から更新したいです。",),
            "ar": ("أود تجديد {policy} ابتداءً من {date}.",),
        },
    ),
    Topic(
        label="Policy > Change of details",
        share=0.12,
        sentiment=0.1,
        subjects={
            "en": ("New address", "Change to {policy}"),
            "de": ("Neue Anschrift {policy}",),
            "fr": ("Changement d'adresse {policy}",),
            "es": ("Cambio de domicilio {policy}",),
            "ja": ("住所変更 {policy}",),
            "ar": ("تغيير العنوان {policy}",),
        },
        lines={
            "en": (
                "We are moving 🏠 on {date}. Please put the new address on {policy}.",
                "Please add my daughter as a driver on {policy} from {date}.",
            ),
            "de": ("wir ziehen am {date} um 🏠. Bitte ändern Sie die Anschrift zu {policy}.",),
            "fr": ("Nous déménageons le {date}. Merci de mettre à jour {policy}.",),
            "es": ("Nos mudamos el {date}. Actualicen {policy}, por favor.",),
            "ja": ("{date} に引っ越します🏠。{policy} の住所変更をお願いします。",),
            "ar": ("سننتقل في {date}. يُرجى تحديث {policy}.",),
        },
    ),
)
