"""Portuguese."""

from __future__ import annotations

from pmctl.document.language import Language

LANGUAGE = Language(
    sections={
        "Summary": """resumo|sumário|resumo executivo|resumo do incidente|o que aconteceu|o que aconteceu?
            |descrição|descrição do incidente|visão geral|problema|o problema|incidente|descrição do problema
            |o que houve|o que houve?|sumário executivo""",
        "Timeline": """linha do tempo|cronologia|cronologia dos eventos|cronologia do incidente
            |sequência de eventos|eventos|histórico|linha do tempo do incidente|linha temporal""",
        "Impact": """impacto|impactos|impacto nos usuários|impacto no usuário|impacto nos clientes|sintomas
            |sintoma|efeitos|consequências|alcance|abrangência|usuários afetados|serviços afetados
            |sistemas afetados|quem foi afetado|quem foi afetado?|qual foi o impacto|qual foi o impacto?|escopo""",
        "Root Cause": """causa|causas|causa raiz|causas raiz|causa-raiz|causa principal|análise da causa raiz
            |análise de causa raiz|diagnóstico|origem|origem do problema|por quê|por que|por quê?|por que?
            |por que aconteceu|por que aconteceu?|análise|qual foi a causa|qual foi a causa?""",
        "Resolution": """resolução|solução|recuperação|mitigação|correção|reparo|restauração|como foi resolvido
            |como foi resolvido?|como resolvemos|como resolvemos?|medidas tomadas|ações tomadas|ações realizadas
            |remediação|correção aplicada|solução aplicada""",
        "Action Items": """ações|ações corretivas|ações preventivas|próximos passos|plano de ação|itens de ação
            |prevenção|medidas preventivas|medidas corretivas|acompanhamento|tarefas|pendências|melhorias
            |recomendações|ações futuras|ações de acompanhamento|tarefas pendentes|pontos de ação""",
        "Lessons Learned": """lições aprendidas|lições|aprendizados|aprendizagens|o que aprendemos
            |o que aprendemos?|aprendizado""",
        "Contributing Factors": "fatores contribuintes|fatores|fatores que contribuíram|gatilho",
        "Detection": "detecção|deteção|descoberta|como foi detectado|como foi detectado?",
        "Response": "resposta|investigação|resposta ao incidente|comunicação",
    },
    parts={
        "What went well": """o que deu certo|o que deu certo?|o que funcionou|o que foi bem|o que foi bem?
            |pontos positivos""",
        "What could be improved": """o que deu errado|o que deu errado?|o que pode melhorar|o que pode melhorar?
            |o que podemos melhorar|o que podemos melhorar?|pontos de melhoria|pontos negativos|o que não funcionou""",
        "Where we got lucky": "onde tivemos sorte|onde tivemos sorte?|sorte",
    },
    metadata="informações gerais|dados gerais|metadados|participantes|dados do incidente",
    either="conclusão|conclusões",
    labels={
        "title": "título",
        "incident_date": "data do incidente",
        "start": "início|começo|hora de início",
        "end": "fim|término|hora de término|resolvido",
        "detected": "detectado",
        "period": "duração|período|horário",
        "date": "data",
        "author": "autor|autora|autores|escrito por",
        "participants": "participantes|envolvidos",
        "severity": "severidade|gravidade",
        "services": "serviços|serviços afetados|serviço afetado|sistemas afetados",
    },
    columns={
        "Action": "ação|tarefa|medida|descrição",
        "Owner": "responsável|responsáveis|atribuído a|dono|quem",
        "Due": "prazo|data limite|vencimento|data",
        "Priority": "prioridade",
        "Status": "estado|situação",
        "Notes": "notas|comentários|observações",
    },
    statuses={
        "COMPLETED": "feito|concluído|concluída|completo|resolvido|finalizado|sim",
        "OPEN": "aberto|aberta|pendente|a fazer|não",
        "IN_PROGRESS": "em andamento|em curso|em progresso",
        "WONT_DO": "descartado|cancelado|descartada|cancelada",
    },
    nothing="nenhum|nenhuma|nada|não se aplica",
    times="hora|horário",
    wording={
        "counterfactual": (
            (" deveríamos ", " devíamos ", " deveria ", " deveriam ", " poderíamos "),
            r"(?:deveríamos|devíamos|poderíamos)\s+ter\s+\w+"
            r"|(?:a\s+equipe|o\s+time|ele|ela|eles|alguém)\s+(?:deveriam?|poderiam?)\s+ter\s+\w+"
            r"|deveriam?\s+ter\s+sido\s+(?:verific|testad|revisad|detectad|avisad|consultad)\w*",
        ),
        "omission": (
            (" esqueceu ", " esqueceram ", " esquecemos ", " ninguém ", " despercebido "),
            r"(?:se\s+)?(?:esqueceu|esqueceram|esquecemos)\b"
            r"|ninguém\s+(?:\w+\s+)?(?:verificou|testou|revisou|notou|percebeu|checou)\b",
        ),
        "human-error": ((" humano ", " humanos "), r"(?:erro|falha)s?\s+humanos?\b"),
        "vague-care": (
            (" cuidado ", " atenção ", " cuidadosos "),
            r"(?:ter\s+mais\s+cuidado|prestar\s+mais\s+atenção|ser\s+mais\s+cuidadosos?)\b",
        ),
    },
)
