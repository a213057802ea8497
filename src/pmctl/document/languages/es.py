"""Spanish."""

from __future__ import annotations

from pmctl.document.language import Language

LANGUAGE = Language(
    sections={
        "Summary": """resumen|resumen ejecutivo|resumen del incidente|qué pasó|¿qué pasó?|qué ocurrió
            |¿qué ocurrió?|qué sucedió|¿qué sucedió?|descripción|descripción del incidente|problema
            |el problema|visión general|incidente|descripción del problema|en breve""",
        "Timeline": """cronología|línea de tiempo|línea temporal|cronología de los hechos
            |cronología del incidente|secuencia de eventos|eventos|historial|desarrollo|desarrollo del incidente
            |cronología de eventos""",
        "Impact": """impacto|impactos|impacto en los usuarios|impacto en el usuario|impacto en clientes
            |síntomas|síntoma|efectos|consecuencias|alcance|usuarios afectados|servicios afectados
            |sistemas afectados|quién se vio afectado|¿quién se vio afectado?|cuál fue el impacto
            |¿cuál fue el impacto?|afectación""",
        "Root Cause": """causa|causas|causa raíz|causas raíz|causa principal|análisis de causa raíz
            |análisis de la causa raíz|diagnóstico|origen|origen del problema|por qué|¿por qué?
            |por qué ocurrió|¿por qué ocurrió?|por qué pasó|¿por qué pasó?|análisis|cuál fue la causa
            |¿cuál fue la causa?""",
        "Resolution": """resolución|solución|recuperación|mitigación|corrección|reparación|arreglo
            |restablecimiento|cómo se resolvió|¿cómo se resolvió?|cómo lo solucionamos
            |¿cómo lo solucionamos?|medidas tomadas|acciones tomadas|acciones realizadas|remediación
            |solución aplicada""",
        "Action Items": """acciones|acciones correctivas|acciones preventivas|próximos pasos|plan de acción
            |prevención|medidas preventivas|medidas correctivas|seguimiento|acciones de seguimiento|tareas
            |tareas pendientes|pendientes|mejoras|recomendaciones|acciones pendientes|acciones futuras
            |siguientes pasos|elementos de acción|puntos de acción|medidas correctivas y preventivas""",
        "Lessons Learned": """lecciones aprendidas|lecciones|aprendizajes|qué aprendimos|¿qué aprendimos?
            |lo que aprendimos|qué hemos aprendido|¿qué hemos aprendido?|enseñanzas""",
        "Contributing Factors": """factores contribuyentes|factores|factores que contribuyeron|desencadenante
            |detonante""",
        "Detection": "detección|descubrimiento|cómo se detectó|¿cómo se detectó?",
        "Response": "respuesta|investigación|respuesta al incidente|comunicación",
    },
    parts={
        "What went well": """qué salió bien|¿qué salió bien?|lo que salió bien|qué funcionó bien
            |¿qué funcionó bien?|lo bueno|qué fue bien|¿qué fue bien?""",
        "What could be improved": """qué salió mal|¿qué salió mal?|lo que salió mal|qué podemos mejorar
            |¿qué podemos mejorar?|qué se puede mejorar|¿qué se puede mejorar?|lo malo|áreas de mejora
            |qué fue mal|¿qué fue mal?|puntos de mejora""",
        "Where we got lucky": "dónde tuvimos suerte|¿dónde tuvimos suerte?|suerte",
    },
    metadata="información general|datos generales|metadatos|participantes|datos del incidente",
    either="conclusión|conclusiones",
    labels={
        "title": "título",
        "incident_date": "fecha del incidente",
        "start": "inicio|comienzo|hora de inicio",
        "end": "fin|final|hora de fin|resuelto",
        "detected": "detectado",
        "period": "duración|período|periodo|horario",
        "date": "fecha",
        "author": "autor|autora|autores|escrito por|redactado por",
        "participants": "participantes|implicados",
        "severity": "severidad|gravedad",
        "services": "servicios|servicios afectados|servicio afectado|sistemas afectados",
    },
    columns={
        "Action": "acción|tarea|medida|descripción",
        "Owner": "responsable|responsables|asignado a|encargado|quién",
        "Due": "fecha límite|vencimiento|plazo|fecha",
        "Priority": "prioridad",
        "Status": "estado",
        "Notes": "notas|comentarios|observaciones",
    },
    statuses={
        "COMPLETED": "hecho|completado|completada|terminado|terminada|cerrado|resuelto|sí",
        "OPEN": "abierto|abierta|pendiente|por hacer|no",
        "IN_PROGRESS": "en curso|en progreso|en proceso",
        "WONT_DO": "descartado|cancelado|descartada|cancelada",
    },
    nothing="ninguno|ninguna|nada|no aplica",
    times="hora",
    wording={
        "counterfactual": (
            (
                " debimos ",
                " debió ",
                " debieron ",
                " deberíamos ",
                " debería ",
                " deberían ",
                " podríamos ",
                " hubiéramos ",
            ),
            r"(?:debimos|deberíamos|podríamos)\s+haber\s+\w+"
            r"|(?:el\s+equipo|él|ella|ellos|alguien|los?\s+(?:ingenier|desarrollador|operador)\w*)\s+"
            r"(?:debi(?:ó|eron)|deberían?|podrían?)\s+haber\s+\w+"
            r"|(?:debi(?:ó|eron)|deberían?)\s+haber(?:se)?\s+(?:sido\s+)?(?:comprob|verific|revis|prob|detect|avis|consult)\w*"
            r"|si\s+hubiéramos\s+\w+",
        ),
        "omission": (
            (
                " olvidó ",
                " olvidaron ",
                " olvidamos ",
                " alto ",
                " nadie ",
                " omitió ",
                " cuenta ",
                " comprobó ",
                " verificó ",
                " revisó ",
            ),
            r"(?:se\s+)?(?:olvidó|olvidaron|olvidamos|omitió|omitieron)\b|pas(?:ó|aron|amos)\s+por\s+alto\b"
            r"|nadie\s+(?:\w+\s+)?(?:comprobó|verificó|revisó|notó|probó|se\s+dio\s+cuenta)\b"
            r"|no\s+(?:nos\s+dimos|se\s+dio|se\s+dieron)\s+cuenta\b",
        ),
        "human-error": ((" humano ", " humanos "), r"(?<!no fue un )errore?s?\s+humanos?\b"),
        "character": (
            (" negligencia ", " negligente ", " descuido ", " imprudencia ", " incompetencia "),
            r"(?:negligencia|negligentes?|descuidos?|imprudencia|incompetencia)\b",
        ),
        "vague-care": (
            (" cuidado ", " atención ", " cuidadosos ", " cuidadoso "),
            r"(?:tener\s+más\s+cuidado|prestar\s+(?:más|mayor)\s+atención|ser\s+más\s+cuidadosos?)\b",
        ),
    },
)
